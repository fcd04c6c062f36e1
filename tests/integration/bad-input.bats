#!/usr/bin/env bats
# What is wrong with what a person gives: one clear line, a code that says of
# which kind it is, and nothing changed.

# bats sets stderr and stderr_lines, and each test has an environment of its
# own; what is quoted is meant so
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load helper

setup() {
	isolate
	make_home
	record problem a
}

teardown() {
	if [ -n "${OUTSIDE:-}" ]; then
		rm -rf "$OUTSIDE"
	fi
}

# Run a command as a user who is nobody; the folder $OUTSIDE is theirs.
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}

options_of() {
	weald help "$1" | sed -n 's/^  [ -][a-z ][, ] \(--[a-z-]*\).*/\1/p'
}

@test "a command or a flag that there is not" {
	unchanged weald
	[ "$status" -eq 2 ]
	[[ $stderr == "weald: "*"see weald help" ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	fails 2 weald publsh a
	[[ $stderr == *"did you mean weald publish?" ]]
	fails 2 weald inti
	[[ $stderr == *"did you mean weald init?" ]]
	fails 2 weald frobnicate
	[[ $stderr == *"see weald help" ]]
	fails 2 weald --frob
	fails 2 weald help frobnicate
	for command in init new edit check publish withdraw adopt ack log show \
		feeds verify import version help git; do
		fails 2 weald "$command" --frob
		[[ $stderr == *"--frob; see weald $command --help" ]]
		fails 2 weald "$command" -%
	done
	fails 2 weald key show --frob
	fails 2 weald publish a --message
	fails 2 weald publish --json=yes a
	fails 2 weald publish --home= a
	fails 2 weald publish -m x
	fails 2 weald version more
}

@test "every command explains itself" {
	for command in init new edit check publish withdraw adopt ack log show \
		feeds verify key git import version help; do
		run -0 --separate-stderr weald help "$command"
		[ "${lines[0]}" != "${lines[0]#usage: weald $command}" ]
		[ -z "$stderr" ]
		[ "$(weald "$command" --help)" = "$output" ]
		[[ $output == *--home*--json*--help* ]]
	done
}

@test "each line of a synopsis begins with its command, or goes on with it" {
	while read -r command; do
		weald "$command" --help | sed '/^$/,$d' >synopsis
		run -1 grep -nEv "^(usage:|      ) weald $command( |\$)|^ {13} +[^ ]" \
			synopsis
		run -1 grep -E '.{81}' synopsis
	done < <(weald help | sed -n 's/^  \([a-z]*\) .*/\1/p')
}

@test "help lists the commands, and the man page has them all" {
	run -0 weald help
	[ "$(weald --help)" = "$output" ]
	while read -r command; do
		grep -q "^\.Cm $command" "$ROOT/docs/weald.1"
		grep -q "^| \[\?.$command" "$ROOT/docs/CLI.md"
		for option in $(options_of "$command"); do
			grep -q -e "$option" "$ROOT/docs/CLI.md"
			grep -q -e "Fl -${option#--}" "$ROOT/docs/weald.1"
		done
	done < <(sed -n 's/^  \([a-z]*\) .*/\1/p' <<<"$output")
}

@test "version" {
	run -0 weald version
	[[ $output =~ ^weald\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	[ "$(weald --version)" = "$output" ]
	run -0 weald version --json
	json 'lines[0]["update_format"] == 1'
}

@test "a path that is wrong" {
	echo text >file
	refused weald publish nowhere
	refused weald publish file
	[[ $stderr == *"name the folder that holds record.md"* ]]
	refused weald publish a/record.md
	refused weald publish /dev/null
	refused weald publish a/../nowhere
	refused weald publish "$(printf 'a%.0s' {1..5000})"
	mkdir empty
	refused weald publish empty
	[[ $stderr == *"no record.md"* ]]
	fails 2 weald publish ""
	fails 3 weald publish --paths-from nowhere
	fails 3 weald publish --paths-from .
}

@test "a folder whose name is no slug" {
	for name in A a_b 'a b' a.b -a "$(printf 'a%.0s' {1..61})" .GIT; do
		cp -r a ./"$name"
		refused weald publish ./"$name"
		[[ $stderr == *"rename it"* ]]
	done
}

@test "names that may not travel" {
	for name in .hidden .git .GIT .DS_Store Thumbs.db 'a b.txt' A.csv \
		con.txt nul aux.csv com1 a.lock a. ..x '..\x' 'a\b' a:b \
		$'a\nb' $'a\e[31mb' $'\xff' "$(printf 'a%.0s' {1..101})" \
		-rf ä.txt record.md~; do
		echo x >a/"$name"
		refused weald publish a
		[[ $stderr != *$'\e'* ]]
		rm a/"$name"
	done
	for name in .GIT .git sub Attachments; do
		mkdir "a/$name"
		echo x >"a/$name/x"
		refused weald publish a
		rm -r "a/$name"
	done
	mkdir -p a/attachments/deeper
	refused weald publish a
	rmdir a/attachments/deeper
	echo x >a/attachments/.hidden
	refused weald publish a
	rm a/attachments/.hidden
	[ "$(weald publish a)" = south-west/problem/a@1 ]
}

@test "a name that may not travel is told with one that may" {
	echo x >'a/My Data.csv'
	refused weald publish a
	[[ $stderr == *"rename it to my-data.csv"* ]]
	rm 'a/My Data.csv'
	echo x >a/.DS_Store
	refused weald publish a
	[[ $stderr == *"remove it"* ]]
}

@test "links, pipes and devices in a record" {
	ln -s /etc/passwd a/link
	refused weald publish a
	[[ $stderr == *"symbolic link"* ]]
	rm a/link
	mkfifo a/pipe
	refused timeout 20 "$WEALD" publish a
	rm a/pipe
	mkdir outside
	ln -s ../outside a/attachments
	refused weald publish a
	rm a/attachments
	mv a/record.md outside
	ln -s ../outside/record.md a/record.md
	refused weald publish a
}

@test "files that are too large, each and together, and too many" {
	head -c 1048577 /dev/zero >a/big.bin
	refused weald publish a
	[[ $stderr == *big.bin*"1 MiB"* ]]
	head -c 1048576 /dev/zero >a/big.bin
	[ "$(weald publish a)" = south-west/problem/a@1 ]
	for i in 2 3 4; do
		cp a/big.bin "a/big$i.bin"
	done
	refused weald publish a
	[[ $stderr == *"4 MiB"* ]]
	rm a/big*
	head -c 1048577 /dev/zero | tr '\0' x >>a/record.md
	refused weald publish a
	record problem a
	for i in {1..100}; do
		echo "$i" >"a/f$i"
	done
	refused weald publish a
	[[ $stderr == *"more than 100 files"* ]]
	rm a/f1
	weald publish a >/dev/null
	# as many others in their place still fit
	rm a/f*
	for i in {1..99}; do
		echo "$i" >"a/g$i"
	done
	weald publish a >/dev/null
	agree "$FEED"
}

@test "what is not UTF-8" {
	printf '\xff\xfe' >>a/record.md
	refused weald publish a
	[[ $stderr == *"record.md:16: not UTF-8"* ]]
	record problem a
	printf 'month\n\xe9t\xe9\n' >a/data.csv
	refused weald publish a
	[[ $stderr == *"data.csv: not UTF-8"* ]]
	mv a/data.csv a/data.bin
	weald publish --confirm-role Lead --confirm-reason "no table" a \
		>/dev/null 2>&1
	fails 3 weald publish -m $'\xff' a
	fails 3 weald publish -m $'a\e[31m' a
	fails 3 weald publish -m "$(printf 'a%.0s' {1..2001})" a
}

@test "front matter that is wrong, with its line" {
	echo text >a/record.md
	refused weald publish a
	[[ $stderr == "a/record.md:1: "* ]]
	printf -- '---\nkind: problem\ntitle: [a\n---\n' >a/record.md
	refused weald publish a
	for field in 'kind: Problem' 'kind: ../x' 'kind: .GIT' 'kind: [a]' \
		'kind: ""' 'title: ""' 'title: "a\e[31m"' 'title: "\u202e"' \
		'topics: sepsis' 'topics: [A]' 'topics: [a, a]' \
		'topics: [a, b, c, d, e, f, g, h, i]' 'x: *a' 'x: !t a'; do
		record problem a
		sed -i "/^${field%%:*}: /d" a/record.md
		sed -i "2r /dev/stdin" a/record.md <<<"$field"
		refused weald publish a
		[[ $stderr == *"a/record.md:3: "* ]]
	done
	record problem a
	sed -i '4a kind: problem' a/record.md
	refused weald publish a
	[[ $stderr == *"a/record.md:5: "*twice* ]]
	printf -- '---\nkind: problem\n---\n' >a/record.md
	refused weald publish a
	: >a/record.md
	refused weald publish a
}

@test "a command that is given nothing says what it wants" {
	local command said

	while IFS=: read -r command said; do
		# shellcheck disable=SC2086 # words of a command
		fails 2 weald $command
		[ "$stderr" = "weald ${command%% *}: $said; see weald ${command%% *} --help" ]
	done <<-'EOF'
		ack:name the withdrawal, or the record that was withdrawn
		adopt:name an intervention
		block:name a region
		unblock:name a region
		edit:name a record of this region
		fixed:name a problem, or say what to look for
		follow:name a region
		follow --topic sepsis:name a region
		unfollow:name a region
		git:name a feed, and say what git is to do
		git south-west:name a feed, and say what git is to do
		import:name a repository or a bundle
		join:give the token, or - to read it
		key:say show, rotate or request
		new:name a kind of record
		peer:say add or remove
		peer add:give the node's address and its key
		peer add localhost:give the node's address and its key
		peer remove:give the node's key
		show:name a record
		why:name a region
		withdraw:name a record of this region
	EOF
}

@test "a home that is missing, or is none" {
	export WEALD_HOME=$PWD/nowhere
	for command in "publish a" "check a" "new problem --slug x" \
		"edit problem/a" "adopt problem/a" "ack problem/a" \
		"log" "feeds" "verify" "key show" \
		"import a" "show problem/a" "git south-west log" \
		"withdraw --reason x problem/a"; do
		# shellcheck disable=SC2086
		run --separate-stderr weald $command
		[ "$status" -eq 4 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"weald init"* ]]
		[ ! -e "$WEALD_HOME" ]
	done
	run -4 weald --home a log
	run -4 weald --home a/record.md log
	run -4 env -u HOME -u WEALD_HOME "$WEALD" log
}

@test "a home of another user" {
	[ "$(id -u)" -eq 0 ] || skip "only root can make one"
	chown 65534 "$WEALD_HOME"
	fails 4 weald publish a
	[[ $stderr == *"belongs to user"* ]]
	fails 4 weald log
	chown 0 "$WEALD_HOME"
	chmod 777 "$WEALD_HOME"
	fails 4 weald publish a
}

@test "files that may not be read, folders that may not be written" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to become another"
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	as_nobody "$WEALD" version || skip "nobody may not run weald here"
	OUTSIDE=$(mktemp -d)
	cp -r a "$OUTSIDE/a"
	chown -R 65534:65534 "$OUTSIDE"
	export WEALD_HOME=$OUTSIDE/home HOME=$OUTSIDE
	cd "$OUTSIDE"
	as_nobody "$WEALD" init --slug aa --region A >/dev/null
	chmod 000 a/record.md
	refused as_nobody "$WEALD" publish a
	[[ $stderr == *record.md*ermission* ]]
	chmod 644 a/record.md
	chmod 000 a
	refused as_nobody "$WEALD" publish a
	chmod 755 a
	chmod 000 "$WEALD_HOME/keys/feed"
	fails 4 as_nobody "$WEALD" publish a
	chmod 600 "$WEALD_HOME/keys/feed"
	chmod 555 "$WEALD_HOME/feeds/aa.git/objects/pack"
	fails 4 as_nobody "$WEALD" publish a
	chmod 755 "$WEALD_HOME/feeds/aa.git/objects/pack"
	as_nobody "$WEALD" publish a
}

@test "a key that others may read is refused" {
	chmod 644 "$WEALD_HOME/keys/feed"
	fails 4 weald publish a
}

@test "a config that is damaged, and one of a newer weald" {
	cp "$WEALD_HOME/config" saved
	echo '[weald' >"$WEALD_HOME/config"
	fails 7 weald log
	sed 's/version = .*/version = 999/' saved >"$WEALD_HOME/config"
	fails 7 weald publish a
	[[ $stderr == *newer* ]]
	cp saved "$WEALD_HOME/config"
	weald publish a
}

@test "a home that another process writes to" {
	exec 9<>"$WEALD_HOME/lock"
	flock 9
	start=$SECONDS
	run --separate-stderr weald publish a
	[ "$status" -eq 5 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[ $((SECONDS - start)) -ge 9 ]
	# reading needs no lock
	run -0 weald log
	exec 9>&-
	weald publish a
}

@test "writers wait for each other" {
	for i in {1..8}; do
		record problem "w-$i"
		weald publish "w-$i" >"out-$i" &
	done
	wait
	[ "$(cat out-* | sort -u | wc -l)" -eq 8 ]
	agree "$FEED"
}

@test "output that cannot be written is told" {
	[ -e /dev/full ] || skip "no /dev/full"
	run -6 bash -c '"$1" log >/dev/full' - "$WEALD"
	[[ $output == "weald log: "*"o space left"* ]]
}

@test "weald runs without the standard streams" {
	bash -c '"$1" publish a <&- >&- 2>&-' - "$WEALD" || true
	agree "$FEED"
	[ "$(git -C "$FEED" rev-list --count main)" -eq 3 ]
}
