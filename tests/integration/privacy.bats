#!/usr/bin/env bats
# The privacy guard before publish: what it blocks, what a person may confirm,
# and where that stands afterwards. What it sees in which text is for
# tests/unit/test_guard.c.

# bats sets stderr and stderr_lines
# shellcheck disable=SC2154

load helper

setup() {
	isolate
	make_home
	record problem a
}

# blocked COMMAND...: refused by the guard.
blocked() {
	refused "$@"
	[[ ${stderr_lines[0]} == *": privacy: "* ]]
}

@test "what is blocked is told with its line, masked, with what to do" {
	echo "Born on the ward, date of birth 12/03/1961." >>a/record.md
	blocked weald publish a
	[[ $stderr == "a/record.md:16: privacy: date-of-birth \""*"\"; "* ]]
	[[ $stderr != *12/03/1961* ]]
	# nobody can confirm it
	blocked weald publish --confirm-role Lead --confirm-reason Why a
	unchanged weald publish --json a
	[ "$status" -eq 3 ]
	json 'lines[0]["kind"] == "date-of-birth" and lines[0]["line"] == 16'
	json 'lines[0]["level"] == "error" and "1961" not in str(lines)'
	json 'lines[-1]["error"]["code"] == "privacy"'
	json 'lines[-1]["error"]["exit"] == 3'
}

@test "it looks into every file, file names, the slug, the title and the note" {
	echo "call 07700 900123" >a/plan.txt
	blocked weald publish a
	[[ $stderr == "a/plan.txt:1: privacy: mobile "* ]]
	rm a/plan.txt
	mkdir a/attachments
	echo "call 07700 900123" >a/attachments/plan.txt
	blocked weald publish a
	[[ $stderr == "a/attachments/plan.txt:1: privacy: mobile "* ]]
	rm -r a/attachments
	echo text >a/07700900123.txt
	blocked weald publish a
	[[ $stderr == "a/***********.txt: privacy: mobile "* ]]
	rm a/07700900123.txt
	printf 'patient,nhs\nx,y\n' >a/people.csv
	blocked weald publish a
	rm a/people.csv
	blocked weald publish -m "ask 07700 900123" a
	[[ $stderr == "note:1: privacy: mobile "* ]]
	cp -r a call-07700900123
	blocked weald publish call-07700900123
	record problem a "Ask 07700 900123"
	blocked weald publish a
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ $stderr == "a/record.md:4: privacy: mobile "* ]]
}

@test "what is warned of waits for a role and a reason, and says both" {
	echo "Mrs Smith wrote to us." >>a/record.md
	blocked weald publish a
	[[ $stderr == "a/record.md:16: privacy: person-name "* ]]
	[[ ${stderr_lines[1]} == *"--confirm-role ROLE --confirm-reason TEXT" ]]
	fails 2 weald publish --confirm-role Lead a
	fails 2 weald publish --confirm-reason Why a
	fails 2 weald publish --confirm-role "" --confirm-reason Why a
	fails 3 weald publish --confirm-role Lead --confirm-reason $'a\nb' a
	# the confirmation itself is for all to read
	fails 3 weald publish --confirm-role "Lead on 07700 900123" \
		--confirm-reason Why a
	# check says the same
	blocked weald check a
	run -0 --separate-stderr weald publish -m "For the board" \
		--confirm-role "Patient safety lead" \
		--confirm-reason "she signed the letter for publication" a
	[ "$output" = south-west/problem/a@1 ]
	[[ $stderr == "a/record.md:16: privacy: person-name "*" (confirmed)" ]]
	run -0 weald log -n 1 --json
	json 'lines[0]["note"].startswith("For the board\n\nPrivacy-Checked: person-name; role: Patient safety lead; reason: she signed")'
	git -C "$FEED" log -1 --format=%B |
		grep -q "^Privacy-Checked: person-name; role: Patient safety lead"
	agree "$FEED"
}

@test "only the records that need it carry the confirmation" {
	record problem b
	echo "Mrs Smith wrote to us." >>b/record.md
	run -0 --separate-stderr weald publish -m Note --confirm-role Lead \
		--confirm-reason Why a b
	run -0 weald log -n 2 --json
	json '"Privacy-Checked" in lines[0]["note"] and lines[1]["note"] == "Note"'
}

@test "a warning in the note is told once" {
	record problem b
	blocked weald publish -m "Mrs Smith asked for it" a b
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ $stderr == "note:1: privacy: person-name "* ]]
}

@test "small numbers in a series" {
	record evidence c
	sed -i '5s/,3[0-9],/,3,/' c/data.csv
	blocked weald check c
	[[ $stderr == *"c/data.csv:5: privacy: small-number "* ]]
	run -0 weald check --confirm-role Lead --confirm-reason Why c
	# of people in custody they are blocked
	sed -i 's/^topics: .*/topics: [care-in-custody]/' c/record.md
	blocked weald check --confirm-role Lead --confirm-reason Why c
}

@test "a withdrawal's reason is looked at too" {
	weald publish a >/dev/null
	fails 3 weald withdraw --reason "ask 07700 900123" problem/a
	[[ $stderr == *"the reason"*": privacy: mobile "* ]]
	[[ $stderr != *900123* ]]
	fails 3 weald withdraw --reason "Mrs Smith asked" problem/a
	weald withdraw --reason "it was wrong" problem/a
}

@test "a file may be called note or summary, and is asked about all the same" {
	echo "Mrs Smith wrote to us." >a/note
	blocked weald publish a
	[[ $stderr == "a/note:1: privacy: person-name "* ]]
	mv a/note a/summary
	blocked weald publish a
	[[ $stderr == "a/summary:1: privacy: person-name "* ]]
	# each of them, also where the note has the same
	cp a/summary a/note
	blocked weald publish -m "Mrs Smith wrote to us" a
	[[ $stderr == *"a/note:1: privacy: person-name "* ]]
	[[ $stderr == *$'\n'"note:1: privacy: person-name "* ]]
	echo "call 07700 900123" >a/note
	blocked weald publish a
	[[ $stderr == *": nothing is published: 1 error in 1 record; "* ]]
}

@test "many warnings do not hide the one block" {
	for i in {1..120}; do
		echo "Mrs Smith wrote to us, page $i."
	done >a/letters.txt
	echo "call 07700 900123" >>a/letters.txt
	blocked weald publish a
	[[ ${stderr_lines[0]} == "a/letters.txt:121: privacy: mobile "* ]]
	[[ $stderr == *": nothing is published: 1 error in 1 record; "* ]]
	blocked weald publish --confirm-role Lead --confirm-reason Why a
}

@test "who confirms names nobody, whatever is confirmed" {
	echo "Mr Smith wrote to us." >>a/record.md
	fails 3 weald publish --confirm-role "Mr Jones" --confirm-reason Why a
	[[ $stderr == *"look like data about a person themselves (person-name)"* ]]
	fails 3 weald publish --confirm-role Lead \
		--confirm-reason "Mrs Baker agreed" a
	fails 3 weald check --confirm-role Lead \
		--confirm-reason "Mrs Baker agreed" a
	[ "$(git -C "$FEED" rev-list --count main)" -eq 2 ]
	run -0 weald publish --confirm-role "Patient safety lead" \
		--confirm-reason "agreed with the family" a
}

@test "a confirmation is not typed into the message" {
	override="Privacy-Checked: person-name, landline; role: x; reason: y"
	fails 3 weald publish -m "$override" a
	[[ $stderr == *"confirm with --confirm-role and --confirm-reason"* ]]
	fails 3 weald publish -m "Why"$'\n\n'" ${override,,}" a
	fails 3 weald check -m "$override" a
	fails 3 weald ack -m "$override" problem/a
	echo "Mrs Smith wrote to us." >>a/record.md
	fails 3 weald publish -m "$override" a
	[ "$(git -C "$FEED" rev-list --count main)" -eq 2 ]
}

@test "no message holds the number, whatever else is wrong with it" {
	sed -i 's/^scale: .*/scale: 9434765919/; s/^incident_type: .*/incident_type: 943 476 5919/' \
		a/record.md
	sed -i '2i 9434765919: x' a/record.md
	echo text >"a/943 476 5919.txt"
	cp -r a case-943-476-5919
	for folder in a case-943-476-5919; do
		for how in "" --json; do
			run -3 weald check $how "$folder"
			[[ $output == *nhs-number* ]]
			[[ $output == *incident_type* ]]
			run ! grep -E '943.?476.?5919' <<<"$output"
		done
	done
}

# at_terminal ANSWERS COMMAND...: run it with a terminal, at which a person
# types ANSWERS; what it shows is in $output.
at_terminal() {
	run /usr/bin/python3 - "$@" <<-'EOF'
		import os, pty, sys
		answers, command = sys.argv[1], sys.argv[2:]
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp(command[0], command)
		os.write(fd, answers.encode())
		out = b""
		while True:
		    try:
		        part = os.read(fd, 4096)
		    except OSError:
		        break
		    if not part:
		        break
		    out += part
		sys.stdout.write(out.decode().replace("\r\n", "\n"))
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	EOF
}

@test "at a terminal the question is asked, and the answers stand in the note" {
	echo "Mrs Smith wrote to us." >>a/record.md
	at_terminal $'yes\n' "$WEALD" publish a
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"Would the person, their family or a local journalist recognise this? [yes/no]"* ]]
	[[ $output == *"nothing is published"* ]]
	at_terminal $'no\n\n' "$WEALD" publish a
	[ "$status" -eq 3 ]
	[ "$(git -C "$FEED" rev-list --count main)" -eq 2 ]
	at_terminal $'no\nPatient safety lead\nshe agreed to it\n' \
		"$WEALD" publish a
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"south-west/problem/a@1"* ]]
	[[ $output == *"checked for patterns, not for stories"* ]]
	run -0 weald log -n 1 --json
	json 'lines[0]["note"] == "Privacy-Checked: person-name; role: Patient safety lead; reason: she agreed to it"'
}

@test "at a terminal a publish ends with what was not checked" {
	at_terminal "" "$WEALD" publish a
	[ "$status" -eq 0 ]
	[[ $output == *"checked for patterns, not for stories"* ]]
	record problem b
	run -0 --separate-stderr weald publish b
	[ -z "$stderr" ]
}
