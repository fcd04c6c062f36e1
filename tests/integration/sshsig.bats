#!/usr/bin/env bats
#
# proto/sshsig and proto/sshkey against ssh-keygen: each reads what the other
# writes. SSHSIG_TOOL names a tests/interop/sshsig_tool that is built already.

bats_require_minimum_version 1.5.0

setup_file() {
	local root f sources=()

	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	if [ -z "${SSHSIG_TOOL:-}" ]; then
		for f in bytes digest ed25519 err sshkey sshsig sshtext text; do
			sources+=("$root/proto/$f.c")
		done
		SSHSIG_TOOL=$BATS_FILE_TMPDIR/sshsig_tool
		"${CC:-cc}" -std=c11 -D_GNU_SOURCE -I"$root" -o "$SSHSIG_TOOL" \
			"$root/tests/interop/sshsig_tool.c" "${sources[@]}" \
			-lcrypto
	fi
	export SSHSIG_TOOL
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	printf 'an update\n\nof three lines\n' >message
	ssh-keygen -q -t ed25519 -N '' -C 'stock key' -f stock
	# the first key of RFC 8032, section 7.1
	"$SSHSIG_TOOL" keyfile \
		9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60 \
		4294967295 'our key' >ours
	chmod 600 ours
	"$SSHSIG_TOOL" public ours 'our key' >ours.pub
	printf 'region namespaces="git,weald-grant" %s\n' \
		"$(cat ours.pub)" >allowed
}

@test "ssh-keygen reads our private key file" {
	run -0 ssh-keygen -y -f ours
	[ "$output" = "$(cat ours.pub)" ]
}

@test "we read ssh-keygen's private key file" {
	run -0 "$SSHSIG_TOOL" public stock 'stock key'
	[ "$output" = "$(cat stock.pub)" ]
}

@test "ssh-keygen writes our private key file again with another checkint" {
	cp ours again
	ssh-keygen -q -p -P '' -N '' -f again
	[ "$(wc -l <again)" -eq "$(wc -l <ours)" ]
	[ "$(wc -c <again)" -eq "$(wc -c <ours)" ]
	run -0 "$SSHSIG_TOOL" public again 'our key'
	[ "$output" = "$(cat ours.pub)" ]
}

@test "an encrypted key is refused with what to do" {
	ssh-keygen -q -p -P '' -N 'a passphrase' -f stock
	run -1 "$SSHSIG_TOOL" public stock ''
	[[ $output == "key-file: the key is encrypted"*"ssh-keygen -p"* ]]
	ssh-keygen -q -p -P 'a passphrase' -N '' -f stock
	run -0 "$SSHSIG_TOOL" public stock 'stock key'
}

@test "a key of another type is refused by name" {
	ssh-keygen -q -t ecdsa -N '' -f other
	run -1 "$SSHSIG_TOOL" public other ''
	[[ $output == *"'ecdsa-sha2-nistp256', wanted 'ssh-ed25519'"* ]]
}

@test "the fingerprint is ssh-keygen's" {
	run -0 "$SSHSIG_TOOL" fingerprint stock.pub
	[ "$output" = "$(ssh-keygen -l -f stock.pub | cut -d' ' -f2)" ]
}

@test "we write the signature that ssh-keygen writes, byte for byte" {
	local namespace

	# one of 40 bytes fills its last line of base64 to 70 columns
	for namespace in git weald-grant "$(printf 'n%.0s' {1..40})"; do
		ssh-keygen -q -Y sign -n "$namespace" -f ours \
			<message >theirs.sig
		"$SSHSIG_TOOL" sign ours "$namespace" <message >ours.sig
		cmp theirs.sig ours.sig
	done
}

@test "ssh-keygen finds our signature good" {
	"$SSHSIG_TOOL" sign ours git <message >ours.sig
	run -0 ssh-keygen -Y verify -f allowed -I region -n git \
		-s ours.sig <message
	[[ $output == 'Good "git" signature'* ]]
	run -0 ssh-keygen -Y check-novalidate -n git -s ours.sig <message
	printf 'x' >>message
	run ! ssh-keygen -Y verify -f allowed -I region -n git \
		-s ours.sig <message
}

@test "we find ssh-keygen's signature good, in its namespace only" {
	ssh-keygen -q -Y sign -n weald-grant -f stock <message >stock.sig
	run -0 "$SSHSIG_TOOL" verify stock.pub weald-grant stock.sig <message
	run -1 "$SSHSIG_TOOL" verify stock.pub git stock.sig <message
	[[ $output == *"namespace is 'weald-grant', wanted 'git'"* ]]
	run -1 "$SSHSIG_TOOL" verify ours.pub weald-grant stock.sig <message
	printf 'x' >>message
	run -1 "$SSHSIG_TOOL" verify stock.pub weald-grant stock.sig <message
	[[ $output == "signature: "* ]]
}

@test "a signature over SHA-256 is refused by name" {
	ssh-keygen -q -Y sign -O hashalg=sha256 -n git -f stock \
		<message >stock.sig
	run -1 "$SSHSIG_TOOL" verify stock.pub git stock.sig <message
	[[ $output == *"hash algorithm is 'sha256', wanted 'sha512'"* ]]
}

@test "a signature through Windows is refused with the reason" {
	ssh-keygen -q -Y sign -n git -f stock <message |
		sed 's/$/\r/' >stock.sig
	run -1 "$SSHSIG_TOOL" verify stock.pub git stock.sig <message
	[[ $output == "armour: lines end in CR LF, wanted LF" ]]
}

@test "git finds a commit good that carries our signature" {
	local tree id

	git init -q repo
	cd repo
	git config gpg.format ssh
	git config gpg.ssh.allowedSignersFile "$BATS_TEST_TMPDIR/allowed"
	tree=$(git write-tree)
	printf 'tree %s\nauthor a <a@b> 86400 +0000\ncommitter a <a@b> %s\n' \
		"$tree" '86400 +0000' >../head
	{ cat ../head && printf '\nsubject\n'; } >../unsigned
	"$SSHSIG_TOOL" sign ../ours git <../unsigned >../commit.sig
	{
		cat ../head
		sed -e '1s/^/gpgsig /' -e '2,$s/^/ /' ../commit.sig
		printf '\nsubject\n'
	} >../signed
	id=$(git hash-object -t commit -w ../signed)
	git verify-commit "$id"
	git fsck --strict
}
