#!/usr/bin/env bats
#
# scripts/check-layers.sh on small trees, each of which breaks one rule.

bats_require_minimum_version 1.5.0

CHECK=$BATS_TEST_DIRNAME/../../scripts/check-layers.sh

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p proto store/feed store/record store/evidence store/index \
		daemon/node daemon/cli
	source_file proto/good.c '#include <stdio.h>
		int good(char *s);
		int good(char *s) { return snprintf(s, 4, "%d", 1); }'
	source_file store/good.c '#include <unistd.h>
		#include "proto/good.h"
		int good_sync(int fd);
		int good_sync(int fd) { return fsync(fd); }'
	source_file daemon/main.c '#include <stdio.h>
		int main(void) { return puts("hello"); }'
	echo '/* nothing */' >proto/good.h
}

source_file() {
	mkdir -p "$(dirname "$1")"
	printf '%s\n' "$2" >"$1"
}

# Compile what is there as `make` does, and check it.
check() {
	local source object

	while read -r source; do
		object=build/${source%.c}.o
		if [ ! -e "$object" ] || [ "$source" -nt "$object" ]; then
			mkdir -p "$(dirname "$object")"
			gcc -O2 -fPIE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
				-D_GNU_SOURCE -I. -w -c -o "$object" "$source"
		fi
	done < <(find proto store daemon -name '*.c')
	"$CHECK" build
}

# refused FILE WHAT WHY: the check must name just this.
refused() {
	run -1 check
	[[ $output == *"$1: $2: "*"$3"* ]]
	[[ $output == *"check-layers: 1 breaches"* ]]
	rm "$1"
}

# refused_call FILE FUNCTION WHY: the same for a function that FILE calls.
refused_call() {
	source_file "$1" "int $2(); int f(void); int f(void) { return $2(); }"
	refused "$@"
}

# refused_include FILE HEADER WHY: the same for a header that FILE includes.
refused_include() {
	source_file "$1" "#if 0
		# include $2
		#endif
		extern int f;"
	run -1 check
	[[ $output == *"$1: "*"$3"* ]]
	rm "$1"
}

@test "a tree that keeps to the rules passes" {
	run -0 check
	[ "$output" = "layers: 3 objects keep to the rules" ]
}

@test "proto includes nothing of store or daemon" {
	refused_include proto/bad.c '"store/fs.h"' 'nothing of store or daemon'
	refused_include proto/bad.h '"daemon/x.h"' 'nothing of store or daemon'
}

@test "store includes nothing of daemon" {
	refused_include store/bad.c '"daemon/node/node.h"' 'nothing of daemon'
	refused_include store/feed/bad.h '"daemon/x.h"' 'nothing of daemon'
}

@test "record and evidence include nothing of feed or index" {
	refused_include store/record/bad.c '"store/feed/feed.h"' 'feed or index'
	refused_include store/evidence/bad.c '"store/index/i.h"' 'feed or index'
	refused_include store/record/bad.c '"store/index/i.h"' 'feed or index'
	refused_include store/evidence/bad.h '"store/feed/f.h"' 'feed or index'
}

@test "what follows from a record is not known to it, nor to the feed" {
	refused_include store/record/bad.c '"store/evidence/e.h"' \
		'nothing of evidence'
	refused_include store/feed/bad.c '"store/evidence/e.h"' \
		'nothing of index or evidence'
	refused_include store/feed/bad.c '"store/index/index.h"' \
		'nothing of index or evidence'
	source_file store/evidence/fine.c '#include "store/record/r.h"
		extern int f;'
	echo '/* nothing */' >store/record/r.h
	run -0 check
}

@test "the inside of the index is private" {
	refused_include daemon/cli/bad.c '"store/index/index_private.h"' \
		'private to store/index'
	refused_include store/bad.c '"store/index/query_private.h"' \
		'private to store/index'
	source_file store/index/fine.c '#include "store/index/q_private.h"
		extern int f;'
	echo '/* nothing */' >store/index/q_private.h
	run -0 check
}

@test "an include that climbs is refused, whatever it names" {
	refused_include proto/bad.c '"../store/fs.h"' 'root of the project'
	refused_include proto/bad.h '"good/../../store/fs.h"' 'root of the'
}

@test "the headers of a library stay where it belongs" {
	refused_include proto/bad.c '<git2.h>' 'libgit2 belongs'
	refused_include daemon/cli/bad.c '<git2/oid.h>' 'libgit2 belongs'
	refused_include store/bad.c '<uv.h>' 'libuv belongs'
	refused_include daemon/cli/bad.c '<uv.h>' 'libuv belongs'
	refused_include store/feed/bad.c '<sqlite3.h>' 'SQLite belongs'
	refused_include daemon/cli/bad.c '<sqlite3.h>' 'SQLite belongs'
	refused_include daemon/node/bad.c '<sqlite3.h>' 'SQLite belongs'
	refused_include store/index/bad.c '<yaml.h>' 'libyaml belongs'
	refused_include daemon/node/bad.c '<zip.h>' 'libzip belongs'
	refused_include store/bad.c '<zip.h>' 'libzip belongs'
	refused_include store/feed/bad.c '<yaml.h>' 'libyaml belongs'
	refused_include daemon/cli/bad.c '<openssl/ssl.h>' 'TLS belongs'
}

@test "proto calls no clock, random, file, print, network or thread" {
	refused_call proto/bad.c time 'no clock'
	refused_call proto/bad.c clock_gettime 'no clock'
	refused_call proto/bad.c RAND_bytes 'no random'
	refused_call proto/bad.c getrandom 'no random'
	refused_call proto/bad.c open 'no files'
	refused_call proto/bad.c fopen 'no files'
	refused_call proto/bad.c read 'no files'
	refused_call proto/bad.c syslog 'no print'
	refused_call proto/bad.c socket 'no network'
	refused_call proto/bad.c getenv 'no process'
	refused_call proto/bad.c pthread_create 'no threads'
	refused_call proto/bad.c git_libgit2_init 'no such library'
	refused_call proto/bad.c uv_run 'no such library'
}

@test "what FORTIFY makes of a name does not hide it" {
	source_file proto/bad.c '#include <stdio.h>
		int f(int n);
		int f(int n) { return printf("%d apples\n", n); }'
	refused proto/bad.c printf 'no print'
	source_file proto/bad.c '#include <unistd.h>
		long f(int fd, char *s, unsigned long n);
		long f(int fd, char *s, unsigned long n)
		{ char b[9]; long r = read(fd, b, n); *s = b[0]; return r; }'
	refused proto/bad.c read 'no files'
	source_file proto/bad.c 'int open64(); int f(void) { return open64(); }'
	refused proto/bad.c open 'no files'
}

@test "proto has no variable that changes, tables are fine" {
	source_file proto/table.c 'static const char *const t[] = { "a", "b" };
		static const int n[] = { 1, 2 };
		const char *f(int i);
		const char *f(int i) { return t[n[i]]; }'
	run -0 check
	source_file proto/bad.c 'int f(void);
		int f(void) { static int calls; return calls++; }'
	run -1 check
	[[ $output == *"proto/bad.c: calls"*": "*"no variable that changes"* ]]
	source_file proto/bad.c 'int level = 3;'
	refused proto/bad.c level 'no variable that changes'
}

@test "record and evidence are pure too" {
	refused_call store/record/bad.c fopen 'no files'
	refused_call store/evidence/bad.c time 'no clock'
}

@test "store neither prints nor reaches the network" {
	refused_call store/bad.c puts 'neither prints nor logs'
	refused_call store/feed/bad.c syslog 'neither prints nor logs'
	refused_call store/bad.c socket 'network belongs'
	refused_call store/feed/bad.c connect 'network belongs'
}

@test "each library is called only where it belongs" {
	refused_call store/fs.c git_odb_open 'libgit2 belongs'
	refused_call daemon/cli/bad.c git_odb_open 'libgit2 belongs'
	refused_call store/feed/bad.c sqlite3_open 'SQLite belongs'
	refused_call daemon/cli/bad.c sqlite3_open 'SQLite belongs'
	refused_call store/index/bad.c yaml_parser_parse 'libyaml belongs'
	refused_call daemon/node/bad.c zip_open 'libzip belongs'
	refused_call store/bad.c zip_open 'libzip belongs'
	refused_call store/feed/bad.c yaml_parser_parse 'libyaml belongs'
	refused_call store/feed/bad.c uv_run 'libuv belongs'
	refused_call daemon/cli/bad.c uv_run 'libuv belongs'
	refused_call daemon/cli/bad.c SSL_read 'TLS belongs'
}

@test "each library may be called where it belongs" {
	source_file store/home.c 'int git_x(); int f(void) { return git_x(); }'
	cp store/home.c store/feed/git.c
	source_file store/index/db.c \
		'int sqlite3_x(); int f(void) { return sqlite3_x(); }'
	source_file store/record/front.c \
		'int yaml_x(); int f(void) { return yaml_x(); }'
	source_file daemon/cli/archive.c \
		'int zip_x(); int f(void) { return zip_x(); }'
	source_file daemon/node/loop.c \
		'int uv_x(), SSL_x(); int f(void) { return uv_x() + SSL_x(); }'
	run -0 check
}

@test "objects that are missing or old are no proof" {
	run -0 check
	touch -d '1 hour' proto/good.c
	run -2 "$CHECK" build
	[[ $output == *"good.o is not there or old"* ]]
	rm build/proto/good.o
	run -2 "$CHECK" build
	run -2 "$CHECK" nowhere
	rm -r proto store daemon
	mkdir proto store daemon
	run -2 "$CHECK" build
	[[ $output == *"no sources here"* ]]
}
