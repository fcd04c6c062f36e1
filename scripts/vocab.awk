# The vocabulary's data files (store/record/vocab/*.txt) as tables of C for
# store/record/vocab.h. Plain POSIX awk.
#
#   awk -f scripts/vocab.awk store/record/vocab/*.txt >vocab_data.c
#
# Each file says at its head what may stand in it. All mistakes are reported,
# with file and line; then the exit status is 1 and nothing is printed.

function complain_at(where, text) {
	print where ": " text | "cat 1>&2"
	failed = 1
}

function complain(text) {
	complain_at(FILENAME ":" FNR, text)
}

# The text of the line from word @n on.
function rest_from(n, line, i) {
	line = $0
	for (i = 1; i < n; i++)
		sub(/^[^ \t]+[ \t]*/, "", line)
	return line
}

function quote(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	return "\"" text "\""
}

function is_code(text) {
	return text ~ /^[A-Za-z0-9][A-Za-z0-9.-]*$/
}

function is_name(text) {
	return text ~ /^[a-z][a-z0-9_]*$/
}

# ---- code lists, settings --------------------------------------------------

function begin_list(name) {
	if (!is_name(name)) {
		complain("\"" name "\" is no name for a list: a-z, 0-9 and _")
		name = "?" FNR
	}
	if (name in list_at)
		complain("list \"" name "\" stands here twice")
	else
		lists[++lists_n] = name
	list_at[name] = FILENAME ":" FNR
	list = name
	codes_n[name] += 0
}

function add_code(code, label) {
	if (list == "") {
		complain("a code before the first \"list NAME\"")
		return
	}
	if (!is_code(code))
		complain("\"" code "\" is no code: a-z, 0-9, \"-\" and \".\"")
	if (label == "")
		complain("code \"" code "\" has no label")
	if ((list, code) in code_seen)
		complain("code \"" code "\" stands twice in list \"" list "\"")
	code_seen[list, code] = 1
	codes_n[list]++
	code_of[list, codes_n[list]] = code
	label_of[list, codes_n[list]] = label
}

# ---- topics and regions ----------------------------------------------------

# Other words, ";" between them, as "a|b" in small letters.
function add_also(text, n, i, words, word) {
	n = split(text, words, ";")
	for (i = 1; i <= n; i++) {
		word = tolower(words[i])
		gsub(/^[ \t]+|[ \t]+$/, "", word)
		if (word == "" || index(word, "|") > 0) {
			complain("\"also\" needs words, \";\" between them, " \
				"and no \"|\"")
			continue
		}
		if ((entry, word) in also_seen) {
			complain("\"" word "\" stands twice")
			continue
		}
		also_seen[entry, word] = 1
		also[entry] = also[entry] (also[entry] == "" ? "" : "|") word
	}
}

function begin_entry(type, slug, label) {
	if (slug !~ /^[a-z0-9][a-z0-9-]*$/)
		complain("\"" slug "\" is no short name: a-z, 0-9 and \"-\"")
	if (label == "")
		complain(type " \"" slug "\" has no name for people")
	if ((type, slug) in entry_seen)
		complain(type " \"" slug "\" stands here twice")
	entry_seen[type, slug] = 1
	entry = type " " slug
	entry_type = type
	entries_n[type]++
	entry_of[type, entries_n[type]] = slug
	entry_label[type, entries_n[type]] = label
	also[entry] = ""
	sensitive[entry] = 0
}

# ---- kinds and fields ------------------------------------------------------

function begin_kind(name, label) {
	if (name !~ /^[a-z][a-z0-9-]*$/)
		complain("\"" name "\" is no kind: a-z, 0-9 and \"-\"")
	if (label == "")
		complain("kind \"" name "\" has no label")
	if (name in kind_at)
		complain("kind \"" name "\" stands here twice")
	kind_at[name] = FILENAME ":" FNR
	kinds[++kinds_n] = name
	kind_label[name] = label
	kind = name
	owner = ""
}

# A field or part: @set is where it belongs, the words of the line from 2 on.
function add_field(set, i, id) {
	if (NF < 4) {
		complain("needs a name, a type and a need")
		return ""
	}
	id = set SUBSEP $2
	if (!is_name($2))
		complain("\"" $2 "\" is no field: a-z, 0-9 and _")
	if (id in field_at)
		complain("\"" $2 "\" stands here twice")
	field_at[id] = FILENAME ":" FNR
	fields_n[set]++
	field_of[set, fields_n[set]] = $2
	if (!($3 in types))
		complain("type \"" $3 "\" is not known")
	f_type[id] = types[$3]
	read_need(id, $4)
	for (i = 5; i <= NF; i++)
		read_limit(id, $i)
	return id
}

function read_need(id, need, at) {
	f_if[id] = ""
	f_condition[id] = "FIELD_IF_NONE"
	at = index(need, "=")
	if (need == "required")
		f_need[id] = "FIELD_REQUIRED"
	else if (need == "optional")
		f_need[id] = "FIELD_OPTIONAL"
	else if (need == "auto")
		f_need[id] = "FIELD_AUTO"
	else if (need ~ /^if-(any|given)=[a-z]/) {
		f_need[id] = "FIELD_REQUIRED_IF"
		f_condition[id] = need ~ /^if-any/ ? "FIELD_IF_NOT_EMPTY" \
			: "FIELD_IF_GIVEN"
		f_if[id] = substr(need, at + 1)
	} else
		complain("need \"" need "\" is not known")
}

function read_limit(id, word, at, name, value, ends) {
	if (word == "pinned") {
		f_pinned[id] = 1
		return
	}
	at = index(word, "=")
	name = substr(word, 1, at - 1)
	value = substr(word, at + 1)
	if ((name == "words" || name == "chars") && value ~ /^[1-9][0-9]*$/)
		f_limit[id, name] = value
	else if (name == "items" && value ~ /^[0-9]+-[0-9]*$/) {
		split(value, ends, "-")
		f_limit[id, "items_min"] = ends[1] + 0
		f_limit[id, "items_max"] = ends[2] + 0
	} else if (name == "range" && value ~ /^[0-9]+\.\.[1-9][0-9]*$/) {
		at = index(value, "..")
		f_limit[id, "min"] = substr(value, 1, at - 1)
		f_limit[id, "max"] = substr(value, at + 2)
	} else if (name == "codes" && value != "")
		f_codes[id] = value
	else if (name == "to" && value != "")
		f_to[id] = value
	else
		complain("limit \"" word "\" is not known")
}

function read_kinds_line(line) {
	line = rest_from(2)
	if ($1 == "common") {
		kind = "common"
		owner = ""
	} else if ($1 == "kind") {
		begin_kind($2, rest_from(3))
	} else if (kind == "") {
		complain("before the first \"common\" or \"kind\"")
	} else if ($1 == "use" && kind != "common") {
		for (i = 2; i <= NF; i++) {
			fields_n[kind]++
			field_of[kind, fields_n[kind]] = $i
			uses[kind, fields_n[kind]] = FILENAME ":" FNR
		}
		owner = ""
	} else if ($1 == "field") {
		owner = add_field(kind)
		last = owner
	} else if ($1 == "part" && owner != "") {
		last = add_field(owner)
	} else if ($1 == "ask" && last != "") {
		f_ask[last] = line
	} else if ($1 == "from" && last != "") {
		f_from[last] = line
	} else
		complain("\"" $1 "\" cannot stand here")
}

# ---- the files -------------------------------------------------------------

BEGIN {
	n = split("text code codes ref refs date month int num bool list map " \
		"maps path", names, " ")
	for (i = 1; i <= n; i++)
		types[names[i]] = "FIELD_" toupper(names[i])
	kind = list = entry = owner = last = ""
}

{
	sub(/\r$/, "")
	sub(/^[ \t]+/, "")
	sub(/[ \t]+$/, "")
}

FNR == 1 {
	file = FILENAME
	sub(/.*\//, "", file)
	if (file == "settings.txt")
		begin_list("settings")
	else if (file !~ /^(codes|kinds|regions|topics)\.txt$/)
		complain("no such file of the vocabulary")
}

/^#/ || NF == 0 { next }

file == "codes.txt" && $1 == "list" { begin_list($2); next }
file == "codes.txt" || file == "settings.txt" {
	add_code($1, rest_from(2))
	next
}
file == "topics.txt" && $1 == "topic" {
	begin_entry("topic", $2, rest_from(3))
	next
}
file == "regions.txt" && $1 == "region" {
	begin_entry("region", $2, rest_from(3))
	next
}
(file == "topics.txt" || file == "regions.txt") && entry == "" {
	complain("before the first topic or region")
	next
}
file == "topics.txt" && $0 == "sensitive" { sensitive[entry] = 1; next }
(file == "topics.txt" || file == "regions.txt") && $1 == "also" {
	add_also(rest_from(2))
	next
}
file == "kinds.txt" { read_kinds_line(); next }
{ complain("\"" $1 "\" cannot stand here") }

# ---- what must fit together ------------------------------------------------

function check_field(id, set, type, n, i, to) {
	type = f_type[id]
	if (f_ask[id] == "")
		complain_at(field_at[id], "no line \"ask ...\"")
	if ((type == "FIELD_CODE" || type == "FIELD_CODES") && f_codes[id] == "")
		complain_at(field_at[id], "codes need codes=LIST")
	if (f_codes[id] != "" && !(f_codes[id] in list_at))
		complain_at(field_at[id], "list \"" f_codes[id] \
			"\" is not known")
	if ((type == "FIELD_MAP" || type == "FIELD_MAPS") != (fields_n[id] > 0))
		complain_at(field_at[id], "a map, and nothing else, has parts")
	if (f_if[id] != "" && !((set, f_if[id]) in field_at))
		complain_at(field_at[id], "field \"" f_if[id] \
			"\" is not of this kind")
	n = split(f_to[id], to, ",")
	for (i = 1; i <= n; i++)
		if (!(to[i] in kind_at))
			complain_at(field_at[id], "kind \"" to[i] \
				"\" is not known")
	for (i = 1; i <= fields_n[id]; i++)
		check_field(id SUBSEP field_of[id, i], id)
}

function check_kind(name, i, field) {
	for (i = 1; i <= fields_n[name]; i++) {
		field = field_of[name, i]
		if ((name, i) in uses) {
			if (!(("common", field) in field_at))
				complain_at(uses[name, i], "\"" field \
					"\" is no common field")
			if ((name, field) in used)
				complain_at(uses[name, i], "\"" field \
					"\" is used twice")
		} else
			check_field(name SUBSEP field, name)
		used[name, field] = 1
	}
	for (i = 1; i <= fields_n["common"]; i++)
		if (!((name, field_of["common", i]) in used))
			complain_at(kind_at[name], "the common field \"" \
				field_of["common", i] "\" is not used")
}

# ---- the tables ------------------------------------------------------------

function print_list(name, i) {
	printf "static const struct code codes_%s[] = {\n", name
	for (i = 1; i <= codes_n[name]; i++)
		printf "\t{ %s, %s },\n", quote(code_of[name, i]), \
			quote(label_of[name, i])
	print "};\n"
}

function list_number(name, i) {
	for (i = 1; i <= lists_n; i++)
		if (lists[i] == name)
			return i - 1
	return -1
}

function limit(id, name) {
	return (id, name) in f_limit ? f_limit[id, name] : 0
}

function table_name(id) {
	gsub(SUBSEP, "_", id)
	gsub(/-/, "_", id)
	return "fields_" id
}

function print_field(id, name) {
	printf "\t{ .name = %s, .type = %s, .need = %s,\n", quote(name), \
		f_type[id], f_need[id]
	printf "\t  .condition = %s, .if_field = %s,\n", f_condition[id], \
		(f_if[id] == "" ? "NULL" : quote(f_if[id]))
	printf "\t  .codes = %s,\n", (f_codes[id] == "" ? "NULL" : \
		"&vocab_list_table[" list_number(f_codes[id]) "]")
	printf "\t  .words_max = %d, .chars_max = %d, .items_min = %d, " \
		".items_max = %d,\n", limit(id, "words"), limit(id, "chars"), \
		limit(id, "items_min"), limit(id, "items_max")
	printf "\t  .min = %s, .max = %s,\n", limit(id, "min"), limit(id, "max")
	printf "\t  .parts = %s, .parts_n = %d,\n", \
		(fields_n[id] > 0 ? table_name(id) : "NULL"), fields_n[id]
	printf "\t  .ref_kinds = %s, .ref_pinned = %s,\n", quote(f_to[id]), \
		(id in f_pinned ? "true" : "false")
	printf "\t  .prompt = %s,\n\t  .standard = %s },\n", \
		quote(f_ask[id]), quote(f_from[id])
}

function print_parts(id, i) {
	if (fields_n[id] == 0)
		return
	printf "static const struct field %s[] = {\n", table_name(id)
	for (i = 1; i <= fields_n[id]; i++)
		print_field(id SUBSEP field_of[id, i], field_of[id, i])
	print "};\n"
}

function print_kind_fields(name, i, id) {
	for (i = 1; i <= fields_n[name]; i++)
		if (!((name, i) in uses))
			print_parts(name SUBSEP field_of[name, i])
	printf "static const struct field %s[] = {\n", table_name(name)
	for (i = 1; i <= fields_n[name]; i++) {
		id = ((name, i) in uses ? "common" : name) SUBSEP \
			field_of[name, i]
		print_field(id, field_of[name, i])
	}
	print "};\n"
}

function print_tables(i, e) {
	print "/* Made by scripts/vocab.awk from store/record/vocab. */"
	print "#include \"store/record/vocab_data.h\"\n"
	for (i = 1; i <= lists_n; i++)
		print_list(lists[i])
	print "const struct code_list vocab_list_table[] = {"
	for (i = 1; i <= lists_n; i++)
		printf "\t{ %s, codes_%s, %d },\n", quote(lists[i]), lists[i], \
			codes_n[lists[i]]
	printf "};\nconst size_t vocab_lists_n = %d;\n\n", lists_n
	for (i = 1; i <= fields_n["common"]; i++)
		print_parts("common" SUBSEP field_of["common", i])
	for (i = 1; i <= kinds_n; i++)
		print_kind_fields(kinds[i])
	print "const struct kind vocab_kind_table[] = {"
	for (i = 1; i <= kinds_n; i++)
		printf "\t{ %s, %s, %s, %d },\n", quote(kinds[i]), \
			quote(kind_label[kinds[i]]), table_name(kinds[i]), \
			fields_n[kinds[i]]
	printf "};\nconst size_t vocab_kinds_n = %d;\n\n", kinds_n
	print "const struct topic vocab_topic_table[] = {"
	for (i = 1; i <= entries_n["topic"]; i++) {
		e = "topic " entry_of["topic", i]
		printf "\t{ %s, %s, %s,\n\t  %s },\n", \
			quote(entry_of["topic", i]), \
			quote(entry_label["topic", i]), \
			(sensitive[e] ? "true" : "false"), quote(also[e])
	}
	printf "};\nconst size_t vocab_topics_n = %d;\n\n", entries_n["topic"]
	print "const struct region_name vocab_region_table[] = {"
	for (i = 1; i <= entries_n["region"]; i++) {
		e = "region " entry_of["region", i]
		printf "\t{ %s, %s,\n\t  %s },\n", \
			quote(entry_of["region", i]), \
			quote(entry_label["region", i]), quote(also[e])
	}
	printf "};\nconst size_t vocab_regions_n = %d;\n", entries_n["region"]
}

# What kinds and topics are called makes lists, too.
function derive_lists(i) {
	FILENAME = "kinds.txt"
	begin_list("kinds")
	for (i = 1; i <= kinds_n; i++)
		add_code(kinds[i], kind_label[kinds[i]])
	FILENAME = "topics.txt"
	begin_list("topics")
	for (i = 1; i <= entries_n["topic"]; i++)
		add_code(entry_of["topic", i], entry_label["topic", i])
}

END {
	derive_lists()
	for (i = 1; i <= lists_n; i++)
		if (codes_n[lists[i]] == 0)
			complain_at(list_at[lists[i]], "list \"" lists[i] \
				"\" is empty")
	for (i = 1; i <= fields_n["common"]; i++)
		check_field("common" SUBSEP field_of["common", i], "common")
	for (i = 1; i <= kinds_n; i++)
		check_kind(kinds[i])
	if (kinds_n == 0 || entries_n["topic"] == 0 || entries_n["region"] == 0)
		complain_at("vocabulary", "kinds, topics or regions are missing")
	if (failed)
		exit 1
	print_tables()
}
