#!/usr/bin/env bats
# weald git: stock git in a feed's repository.

load helper

setup() {
	isolate
	make_home
}

@test "weald git runs git in the feed" {
	run -0 weald git south-west log --show-signature --format=%s
	[ "$(grep -c '^Good "git" signature' <<<"$output")" -eq 2 ]
	[[ $output == *"Describe the region"* ]]
	run -0 weald git south-west fsck --strict
	run -0 weald --home "$WEALD_HOME" git south-west verify-commit main
}

@test "weald git leaves options behind the feed to git, and its exit code" {
	run -0 weald git south-west log --help
	[[ $output != *"usage: weald"* ]]
	run -128 weald git south-west rev-parse nothing
	run -1 weald git south-west merge-base --is-ancestor main main~1
}

@test "weald git names files from where one is" {
	weald git south-west bundle create out.bundle main
	[ -e out.bundle ]
	git clone -q -b main out.bundle clone
	[ -e clone/region.yaml ]
}

@test "weald git is not led astray by the environment" {
	git init -q elsewhere
	GIT_DIR=$PWD/elsewhere/.git GIT_WORK_TREE=$PWD \
		run -0 weald git south-west rev-parse main
	[ "$output" = "$(git -C "$FEED" rev-parse main)" ]
}

@test "weald git refuses a feed that is not there" {
	fails 1 weald git nowhere log
	fails 1 weald git ../feeds/south-west log
	fails 2 weald git south-west
	fails 2 weald git
}
