#!/bin/bash
#
# Check that no layer reaches where it may not: what the sources include, and
# what the objects of a plain build (no sanitizer, no coverage) call.
#
#   scripts/check-layers.sh BUILD
#
# BUILD holds the objects of the sources in the working directory, as `make`
# leaves them: proto/err.c is BUILD/proto/err.o. Prints each breach as
# "file: name: why" and exits with 1 where there is one, with 2 where it
# cannot tell.
set -eu

if [ $# != 1 ] || [ ! -d "$1" ]; then
	echo "usage: scripts/check-layers.sh BUILD" >&2
	exit 2
fi
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Write "source name" of everything included to $work/includes.
list_includes() {
	find proto store daemon -name '*.[ch]' -exec grep -HE \
		'^[[:space:]]*#[[:space:]]*include\b' {} + |
		sed -E 's/:[^<"]*[<"]/ /; s/[>"].*//' >"$work/includes"
}

# Write "source name" of each undefined symbol to $work/symbols, and of each
# variable that can change to $work/variables. What FORTIFY and large files
# make of a name is undone: __printf_chk is printf, open64 is open.
list_symbols() {
	local source object

	find proto store daemon -name '*.c' | sort >"$work/sources"
	if [ ! -s "$work/sources" ]; then
		echo "check-layers: no sources here" >&2
		exit 2
	fi
	while read -r source; do
		object=$build/${source%.c}.o
		if [ ! -e "$object" ] || [ "$source" -nt "$object" ]; then
			echo "check-layers: $object is not there or old" >&2
			exit 2
		fi
		nm -u "$object" | sed -E "s|.* U |$source |; s/@.*//
			s/ (__isoc[0-9]+_|_IO_|_*)/ /; s/_chk\$//
			s/(64)?(_2)?\$//" >>"$work/symbols"
		objdump -t "$object" | awk -v source="$source" '
			$NF !~ /^\./ && (/ O (\.data|\.bss|\.tdata|\.tbss)/ ||
			/ O \*COM\*/) && !/ O \.data\.rel\.ro/ {
				print source, $NF
			}' >>"$work/variables"
	done <"$work/sources"
}

# refuse LIST WHERE EXCEPT NAMES WHY: in the list, files that match the extended
# regular expression WHERE and not EXCEPT may not have names that match one of
# the words of NAMES. Each has to match from the start, NAMES to the end too.
refuse() {
	local names IFS='|'

	IFS=$' \t\n' read -r -d '' -a names <<<"$4" || true
	printf '%s\t' "$1" "^($2)" "${3:+^($3)}" "^(${names[*]})\$"
	printf '%s\n' "$5"
} >>"$work/rules"

# Hold the three lists against the rules.
find_breaches() {
	awk -F'\t' '
	FILENAME ~ /\/rules$/ {
		list[++n] = $1; where[n] = $2; except[n] = $3
		names[n] = $4; why[n] = $5
		next
	}
	FNR == 1 { this = FILENAME; sub(/.*\//, "", this) }
	{
		split($0, entry, " ")
		for (i = 1; i <= n; i++) {
			if (list[i] == this && entry[1] ~ where[i] &&
			    (except[i] == "" || entry[1] !~ except[i]) &&
			    entry[2] ~ names[i]) {
				print entry[1] ": " entry[2] ": " why[i]
			}
		}
	}' "$work/rules" "$work/includes" "$work/symbols" "$work/variables" |
		sort >"$work/breaches"
}

pure='proto/|store/record/|store/evidence/|daemon/picture/'
# but for what makes a PNG, by a program that it runs
impure='daemon/picture/png[.]c'

# What the pure layers may not call, by kind.
declare -A calls=(
	[clock]='time clock clock_gettime gettimeofday timespec_get localtime
		localtime_r mktime ftime'
	[random]='getrandom getentropy rand rand_r srand random srandom
		arc4random.* .rand48 RAND_.* EVP_PKEY_keygen EVP_PKEY_Q_keygen'
	[files]='open openat creat close read pread readv write pwrite writev
		fopen fdopen freopen tmpfile mkstemp fread fwrite fgets fgetc
		getc getline getdelim fputs fputc putc fprintf vfprintf dprintf
		vdprintf fscanf stat fstat lstat access unlink rename remove
		mkdir rmdir opendir readdir mmap fsync ioctl BIO_new_file
		BIO_new_fp'
	[print]='printf vprintf puts putchar perror psignal error warnx? errx?
		syslog vsyslog openlog stdin stdout stderr'
	[network]='socket socketpair connect bind listen accept accept4 send
		sendto sendmsg recv recvfrom recvmsg getaddrinfo gethostby.*
		poll ppoll select epoll_.*'
	[process]='fork vfork exec[lv]p?e? execvpe fexecve posix_spawnp? system
		popen kill signal sigaction getenv secure_getenv setenv putenv
		exit _exit quick_exit sleep usleep nanosleep'
	[threads]='pthread_.* thrd_.* mtx_.* cnd_.* sem_.* CRYPTO_THREAD_.*'
)
libraries='uv_.* git_.* sqlite3_.* yaml_.* zip_.* SSL_.*'

list_includes
: >"$work/symbols"
: >"$work/variables"
list_symbols

refuse includes '' '' '(.*/)?[.][.]/.*' \
	'paths of includes begin at the root of the project'
refuse includes 'proto/' '' '(store|daemon|tests)/.*' \
	'proto includes nothing of store or daemon'
refuse includes 'store/' '' '(daemon|tests)/.*' \
	'store includes nothing of daemon'
refuse includes 'store/(record|evidence)/' '' 'store/(feed|index)/.*' \
	'record and evidence include nothing of feed or index'
refuse includes 'store/record/' '' 'store/evidence/.*' \
	'record includes nothing of evidence'
refuse includes 'store/feed/' '' 'store/(index|evidence)/.*' \
	'feed includes nothing of index or evidence'
refuse includes '' 'store/index/' 'store/index/.*_private[.]h' \
	'what is private to store/index stays there'
refuse includes 'daemon/' '' 'tests/.*' 'daemon includes nothing of tests'
refuse includes '' 'store/home[^/]*$|store/feed/' 'git2([.]h|/.*)' \
	'libgit2 belongs to store/home and store/feed'
refuse includes '' 'store/index/' 'sqlite3[.]h' 'SQLite belongs to store/index'
refuse includes '' 'store/record/' 'yaml[.]h' 'libyaml belongs to store/record'
refuse includes '' 'daemon/cli/' 'zip(conf)?[.]h' \
	'libzip belongs to daemon/cli'
refuse includes 'daemon/picture/' '' 'daemon/(cli|control|node)/.*' \
	'daemon/picture includes nothing of the commands or the daemon'
refuse includes '' 'daemon/(node|control)/' 'uv([.]h|/.*)' \
	'libuv belongs to daemon/node and daemon/control'
refuse includes '' 'daemon/node/' 'openssl/ssl[.]h' 'TLS belongs to daemon/node'

for kind in "${!calls[@]}"; do
	refuse symbols "$pure" "$impure" "${calls[$kind]}" \
		"this layer is pure: no $kind"
done
refuse variables "$pure" '' '.*' 'this layer is pure: no variable that changes'
refuse symbols 'proto/' '' "$libraries" 'proto is pure: no such library'
refuse symbols 'daemon/picture/' '' "$libraries" \
	'daemon/picture only draws: no such library'
refuse symbols 'store/' 'store/(record|evidence)/' "${calls[print]}" \
	'store neither prints nor logs'
refuse symbols 'store/' 'store/(record|evidence)/' "${calls[network]}" \
	'the network belongs to daemon'
refuse symbols 'store/|daemon/' 'store/home[^/]*$|store/feed/' 'git_.*' \
	'libgit2 belongs to store/home and store/feed'
refuse symbols 'store/|daemon/' 'store/index/' 'sqlite3_.*' \
	'SQLite belongs to store/index'
refuse symbols 'store/|daemon/' 'store/record/' 'yaml_.*' \
	'libyaml belongs to store/record'
refuse symbols 'store/|daemon/' 'daemon/cli/' 'zip_.*' \
	'libzip belongs to daemon/cli'
refuse symbols 'store/|daemon/' 'daemon/(node|control)/' 'uv_.*' \
	'libuv belongs to daemon/node and daemon/control'
refuse symbols 'store/|daemon/' 'daemon/node/' 'SSL_.*' \
	'TLS belongs to daemon/node'

find_breaches
if [ -s "$work/breaches" ]; then
	cat "$work/breaches"
	echo "check-layers: $(wc -l <"$work/breaches") breaches" >&2
	exit 1
fi
echo "layers: $(wc -l <"$work/sources") objects keep to the rules"
