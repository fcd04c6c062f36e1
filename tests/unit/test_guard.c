#include "store/record/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "store/fs.h"
#include "tests/unit/guardkit.h"
#include "tests/unit/sample.h"

/* Tests run from the root of the repository. */
#ifndef TEST_DATA_DIR
#define TEST_DATA_DIR "tests/data"
#endif

static void assert_found(const char *text, enum guard_verdict verdict,
			 enum guard_kind kind)
{
	struct guard_report report = guard_look(text, "record.md", 0);

	guard_check_report(&report, verdict, guard_bit(kind), text);
}

static void assert_strictly_found(const char *text)
{
	struct guard_report report =
		guard_look(text, "record.md", GUARD_STRICT);

	guard_check_report(&report, GUARD_BLOCK, guard_bit(GUARD_NHS_NUMBER),
			   text);
}

static void assert_passed(const char *text)
{
	struct guard_report report =
		guard_look(text, "record.md", GUARD_STRICT);

	guard_check_report(&report, GUARD_PASS, 0, text);
}

static void check_in_body(const struct guard_vector *v)
{
	struct guard_report report = guard_look(v->text, "record.md", v->flags);

	guard_check_report(&report, v->verdict, v->kinds, v->text);
}

static void vectors__come_out_as_expected_in_the_body(void **state)
{
	(void)state;
	guard_each_vector(check_in_body);
}

static void check_in_table(const struct guard_vector *v)
{
	char text[GUARD_TEXT_BYTES];
	struct guard_report report;

	(void)snprintf(text, sizeof text,
		       "month,numerator,denominator\n2024-01-01,36,118\n"
		       "2024-02-01,\"%s\",118\n2024-03-01,36,118\n",
		       v->text);
	report = guard_look(text, "data.csv", v->flags);
	guard_check_report(&report, v->verdict, v->kinds, text);
}

static void vectors__come_out_as_expected_in_a_table(void **state)
{
	(void)state;
	guard_each_vector(check_in_table);
}

/* 999 123 in raised digits */
#define RAISED                                  \
	"\xe2\x81\xb9\xe2\x81\xb9\xe2\x81\xb9 " \
	"\xc2\xb9\xc2\xb2\xc2\xb3"

static void nhs_number__is_found_however_it_is_written(void **state)
{
	static const char *const texts[] = {
		"999 123 4519",
		"999-123-4519",
		"999/123/4519",
		"999.123.4519",
		"999 - 123 - 4519",
		"999\xe2\x80\x93"
		"123\xe2\x80\x93"
		"4519", /* en dashes */
		"999\xe2\x88\x92"
		"123\xe2\x88\x92"
		"4519", /* minus signs */
		"999\xe2\x80\xaf"
		"123\xe2\x80\xaf"
		"4519", /* narrow spaces */
		"999\xc2\xb7"
		"123\xc2\xb7"
		"4519", /* raised dots */
		"999\xe2\x80\x8b"
		"1234519", /* zero width */
		"999\xc2\xad"
		"123\xc2\xad"
		"4519", /* soft hyphens */
		"\xef\xbc\x99\xef\xbc\x99\xef\xbc\x99 123 4519", /* wide */
		RAISED " 4519",                                  /* raised */
		"999 123\n4519",
		"patient9991234519.pdf",
		"(9991234519)",
		"9991234519,36,118",
		"nhs:9991234519;",
		"999    123    4519",
		"(999) 123 4519",
		"999,123,4519",
		"| 999|123|4519 |",
		"**999** 123 4519",
		"999: 123: 4519",
		"999~123+4519",
		"# 999\n# 123 4519",
		"> 999 123\n> 4519",
		"999\xe2\x81\xa3"
		"123\xe2\x81\xa3"
		"4519", /* separators that nobody sees */
		"P9991234519",
		"bed9991234519",
		"9991234519x",
		"IRAS 999 123 4519",
		/* typed in other groups, near the words */
		"patient 999 1234519",
		"patient 99912 34519",
		"NHS: 9991 234 519",
		"9991-234-519 (CHI)",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_strictly_found(texts[i]);
	}
}

#define POUND "\xc2\xa3"

static void nhs_number__is_not_seen_in_other_numbers(void **state)
{
	static const char *const texts[] = {
		"1999 123 4519",
		"999 123 45190",
		"0.9991234519",
		"9991234519.50",
		POUND "9991234519",
		"abc9991234519",
		"9991234519ef",
		"ISBN 9991234519",
		"ISRCTN9991234519",
		"doi:10.1000/9991234519",
		"https://example.org/9991234519",
		"www.example.org/?q=9991234519",
		"999  \n\n 123 4519",
		"999 1234 519 in all",
		"2222222222",
		"NHS number 0000000000",
		"9991234519 units",
		"999, 123, 4519",
		"36,999,123,4519",
		"999,123,4519,36",
		"| 999 | 123 | 4519 |",
		"999 1234519",
		"99912 34519",
		"patients 9 991 234 519",
		"patients 9,991,234,519",
		"patients 99 91 23 45 19",
		"patients 9991 234 519 36",
		"patients 9991-234 519",
		"f9991234519",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_passed(texts[i]);
	}
}

static void nhs_number__is_not_joined_over_rows_of_a_table(void **state)
{
	struct guard_report report =
		guard_look("n\n999\n123\n4519\n", "data.csv", GUARD_STRICT);

	(void)state;
	guard_check_report(&report, GUARD_PASS, 0, "rows");
}

static void nhs_number__never_issued_is_told_only_where_it_is_likely(
	void **state)
{
	(void)state;
	assert_passed("ref 9434765919 in the text");
	assert_found("patient 9434765919", GUARD_WARN, GUARD_NHS_NUMBER);
	assert_found("ref 943 476 5919", GUARD_WARN, GUARD_NHS_NUMBER);
	assert_found("patient 9991234519", GUARD_WARN, GUARD_NHS_NUMBER_TEST);
}

static void nhs_number__mistyped_is_told_where_it_is_called_one(void **state)
{
	static const char *const texts[] = {
		"NHS number 943 476 5918",    "NHS no. 9434765918",
		"NHS No: 943 4765 918",       "**NHS number:** 943-476-59181",
		"NHS number was 943 476 591", "| NHS number | 9434765918 |",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_found(texts[i], GUARD_WARN, GUARD_NHS_NUMBER_MALFORMED);
	}
	assert_passed("943 476 5918");
	assert_passed("NHS number 12345");
}

/*
 * Of random ten-digit numbers 1 in 11 passes the check, 4 in 10 of these in a
 * range that is issued: 9.1 % and 3.6 %; the design measured 9.2 and 3.7 on a
 * smaller sample.
 */
static void random_digits__are_blocked_as_often_as_chance_says(void **state)
{
	struct prng p = { .state = 20260112 };
	struct guard_report report;
	char text[64];
	unsigned blocked = 0;
	unsigned found = 0;
	unsigned i;
	unsigned j;

	(void)state;
	for (i = 0; i < 50000; i++) {
		for (j = 0; j < 10; j++) {
			text[4 + j] = (char)('0' + (char)prng_below(&p, 10));
		}
		memcpy(text, "ref ", 4);
		text[14] = '\0';
		report = guard_look(text, "record.md", 0);
		blocked += report.verdict == GUARD_BLOCK &&
			   report.kinds == guard_bit(GUARD_NHS_NUMBER);
		guard_release(&report);
		/* near these words every one that passes is told */
		memcpy(text, "NHS ", 4);
		report = guard_look(text, "record.md", 0);
		found += (report.kinds & (guard_bit(GUARD_NHS_NUMBER) |
					  guard_bit(GUARD_NHS_NUMBER_TEST))) !=
			 0;
		guard_release(&report);
	}
	assert_in_range(blocked, 50000 * 34 / 1000, 50000 * 39 / 1000);
	assert_in_range(found, 50000 * 88 / 1000, 50000 * 94 / 1000);
}

static void hospital_number__is_blocked_behind_its_name(void **state)
{
	static const char *const texts[] = {
		"MRN:12345",
		"hospital no. 12 34 56",
		"Hospital number: RX1234567",
		"Patient ID: AB12345",
		"RiO number is 1234567",
		"PAS number 1234567",
		"| Hospital number | X123456 |",
		"casenote AB123456",
		"District no 123-456",
		"Hospital no: RX 1234567",
		"MRN W-1234567",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_found(texts[i], GUARD_BLOCK, GUARD_HOSPITAL_NUMBER);
	}
}

static void hospital_number__is_no_count(void **state)
{
	static const char *const texts[] = {
		"patient numbers: 12000",
		"hospital no longer 12345 beds",
		"unit number 12 2024",
		"hospital number 3",
		"patient number 12000 patients",
		"MRN 2024",
		"Unit number 10000 beds",
		"hospital no RX 12",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_passed(texts[i]);
	}
}

static void incident_reference__is_told(void **state)
{
	static const char *const texts[] = {
		"Datix W123456",
		"Datix ref 1234",
		"DATIX WEB12345",
		"LFPSE reference: 2024-12345",
		"StEIS 2024/1234",
		"serious incident 2024/12345",
		"incident number 123456",
		"INC-2024-00123",
		"INC 0012345",
		"SI 2024/12345",
		"StEIS 2024/26",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_found(texts[i], GUARD_WARN, GUARD_INCIDENT_REFERENCE);
	}
	assert_passed("Datix 2024 and LFPSE in 2025");
	assert_passed("Datix: 12000 incidents");
	assert_passed("incident reports: 340 in 2025");
	/* financial years, and acts of law */
	assert_passed("LFPSE 2024/25, Datix 2023-24, incidents 2024/2025");
	assert_passed("incident 2024/25");
	assert_passed("StEIS 1999/00");
	assert_passed("SI 2013/469, SI 2024/25 and inc 2024-00123");
}

static void prison_number__is_blocked_by_a_word_for_custody(void **state)
{
	(void)state;
	assert_found("A1234AA moved to another wing", GUARD_BLOCK,
		     GUARD_PRISON_NUMBER);
	assert_found("the prisoner (a1234aa)", GUARD_BLOCK,
		     GUARD_PRISON_NUMBER);
	assert_found("prison: A1234 AA", GUARD_BLOCK, GUARD_PRISON_NUMBER);
	assert_found("Form A1234AA", GUARD_WARN, GUARD_PRISON_NUMBER);
	assert_passed("form a1234aa");
	assert_passed("custody form A1234AAA");
}

static void ni_number__is_blocked_with_prefixes_that_are_issued(void **state)
{
	(void)state;
	assert_found("AB 12 34 56 C", GUARD_BLOCK, GUARD_NI_NUMBER);
	assert_found("AB-12-34-56-C", GUARD_BLOCK, GUARD_NI_NUMBER);
	assert_found("nino: ab123456c", GUARD_BLOCK, GUARD_NI_NUMBER);
	assert_passed("commit ab123456c");
	assert_passed("GB123456C");
	assert_passed("DA123456C");
	assert_passed("AB123456E");
	assert_passed("AB1234567C");
}

static void mobile__is_blocked_in_every_form(void **state)
{
	static const char *const texts[] = {
		"07700900123",        "07700 900 123",
		"(07700) 900123",     "07700-900-123",
		"+447700900123",      "+44 (0)7700 900123",
		"(+44) 7700 900 123", "0044 7700 900123",
		"447700900123",       "07700\n900123",
		"07700/900123",       "07700 900 12 3",
		"mob 7700 900 123",   "mobile: 7700900123",
	};
	struct guard_report report;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_found(texts[i], GUARD_BLOCK, GUARD_MOBILE);
		report = guard_look(texts[i], "record.md", GUARD_CONTACT);
		guard_check_report(&report, GUARD_BLOCK,
				   guard_bit(GUARD_MOBILE), texts[i]);
	}
	assert_passed("077009001234");
	assert_passed("0.07700900123");
	assert_passed("07 12 2024 100");
	assert_passed("077 00900 12 3");
	assert_passed("total 7700 900 123");
}

static void landline__is_for_contact_only(void **state)
{
	static const char *const texts[] = {
		"0113 496 0018",
		"+44 113 496 0018",
		"(020) 7946 0018",
		"01134960018",
	};
	struct guard_report report;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_found(texts[i], GUARD_WARN, GUARD_LANDLINE);
		report = guard_look(texts[i], "record.md", GUARD_CONTACT);
		guard_check_report(&report, GUARD_PASS, 0, texts[i]);
	}
	assert_passed("03069 990000 and 08081 570000");
}

static void email__is_for_organisations(void **state)
{
	(void)state;
	assert_found("jane@gmail.com", GUARD_BLOCK, GUARD_EMAIL);
	assert_found("info@gmail.com", GUARD_BLOCK, GUARD_EMAIL);
	assert_found("jane@example.net.", GUARD_BLOCK, GUARD_EMAIL);
	assert_found("info@example.com", GUARD_WARN, GUARD_EMAIL);
	assert_found("jane.example@example.nhs.uk", GUARD_WARN,
		     GUARD_EMAIL_NAMED);
	assert_found("j_example@example.gov.uk", GUARD_WARN, GUARD_EMAIL_NAMED);
	assert_passed("sepsis@example.nhs.uk");
	assert_passed("team@nhs.net, lead@example.org.uk");
	assert_passed("uclpartners/measure/late-doses@1.2 and @home");
	/* not under nhs.uk */
	assert_found("sepsis@notnhs.uk", GUARD_BLOCK, GUARD_EMAIL);
}

static void postcode__is_blocked_near_a_home(void **state)
{
	(void)state;
	assert_found("SW1A 1AA", GUARD_WARN, GUARD_POSTCODE);
	assert_found("LS14AP", GUARD_WARN, GUARD_POSTCODE);
	assert_found("ls1 4ap", GUARD_WARN, GUARD_POSTCODE);
	assert_found("her address is ls14ap", GUARD_BLOCK, GUARD_POSTCODE);
	assert_found("LS1 4AP, where she lives", GUARD_BLOCK, GUARD_POSTCODE);
	assert_found("the patient's home (LS1 4AP)", GUARD_BLOCK,
		     GUARD_POSTCODE);
	assert_found("Patient Safety Team, LS1 4AP", GUARD_WARN,
		     GUARD_POSTCODE);
	assert_found("the care home at LS1 4AP", GUARD_WARN, GUARD_POSTCODE);
	/* who works there, and pages of the web */
	assert_found("resident doctors at LS1 4AP", GUARD_WARN, GUARD_POSTCODE);
	assert_found("residents meeting LS1 4AP", GUARD_WARN, GUARD_POSTCODE);
	assert_found("home page of LS1 4AP", GUARD_WARN, GUARD_POSTCODE);
	assert_found("the resident, LS1 4AP", GUARD_BLOCK, GUARD_POSTCODE);
	assert_passed("B12 5MG and W1 2nd floor");
	assert_passed("QQ1 4AP, LS1 4A, LS1");
}

static void date_of_birth__is_blocked_near_its_name(void **state)
{
	static const char *const texts[] = {
		"D.O.B. 12 March 1951",
		"DOB 12 03 1951",
		"DOB:12031951",
		"dob 19510312",
		"12/03/1951 (DOB)",
		"DOB 1951-03-12",
		"birthday: 3rd of June, 1947",
	};
	struct guard_report report;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_found(texts[i], GUARD_BLOCK, GUARD_DATE_OF_BIRTH);
	}
	report = guard_look("date_of_birth: \"1951-03-12\"", "record.md", 0);
	assert_int_equal(report.verdict, GUARD_BLOCK);
	guard_release(&report);
	assert_passed("babies born since 1 April 2024");
	assert_passed("From 1 April 2024, babies born early had it");
	assert_passed("title: Babies born early\nstart: 2025-01-01");
	assert_passed("start: 2025-01-01\ntitle: Born too soon");
	assert_passed("born in March 1951");
}

static void event_date__is_told(void **state)
{
	static const char *const texts[] = {
		"died on 12/03/2025",
		"died: 12 March 2025",
		"Date of death: 12.3.25",
		"admitted on March 12th, 2025",
		"discharged 12-Mar-2025",
		"death of a man on 12 March 2025",
		"On 12 March 2025 a man died",
		"a suicide on 12 March",
		"12/03/2025: stillbirth at term",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_found(texts[i], GUARD_WARN, GUARD_EVENT_DATE);
	}
	assert_found("passed away on 3 May 2024", GUARD_WARN, GUARD_EVENT_DATE);
	assert_found("On 3 May 2024 she passed away", GUARD_WARN,
		     GUARD_EVENT_DATE);
	/* many people, and milestones: asked, as they can be confirmed */
	assert_found("babies born on 12 March 2024 and after", GUARD_WARN,
		     GUARD_EVENT_DATE);
	assert_found("the first baby born on 1 April 2024 under the scheme",
		     GUARD_WARN, GUARD_EVENT_DATE);
	assert_passed("passed on 3 May 2024");
	assert_passed("died in March 2025");
	assert_passed("who: people who died\nstart: 2025-01-01");
	assert_passed("Nobody died. On 12 March 2025 the board met.");
	assert_passed("death review meeting on 12 March 2025");
	assert_passed("patients admitted since 1 April 2024");
}

static void exact_age__is_told_and_bands_pass(void **state)
{
	static const char *const ages[] = {
		"a 34-year-old", "34 years old",      "34yo",
		"34 y/o",        "aged 34 and alone", "a man, age 34,",
		"Age: 34",       "a 6-week-old baby",
	};
	static const char *const bands[] = {
		"aged 18 and over",     "aged 65+",
		"aged 18 to 65",        "aged 18-65",
		"over 75 years old",    "mean age 67",
		"16 to 18 year olds",   "in their 30s",
		"a 20-year-old system", "3-day-old data",
		"age 34 weeks",         "aged 0-4 years",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof ages / sizeof ages[0]; i++) {
		assert_found(ages[i], GUARD_WARN, GUARD_EXACT_AGE);
	}
	for (i = 0; i < sizeof bands / sizeof bands[0]; i++) {
		assert_passed(bands[i]);
	}
}

static void names__are_told_behind_titles(void **state)
{
	(void)state;
	assert_found("Mr J. Example", GUARD_WARN, GUARD_PERSON_NAME);
	assert_found("Ms O'Example", GUARD_WARN, GUARD_PERSON_NAME);
	assert_found("Miss \xc3\x89xample", GUARD_WARN, GUARD_PERSON_NAME);
	assert_found("Dr. van Example", GUARD_WARN, GUARD_STAFF_NAME);
	assert_found("Professor A B Example", GUARD_WARN, GUARD_STAFF_NAME);
	/* in capitals, as hospital systems print them */
	assert_found("MRS EXAMPLE", GUARD_WARN, GUARD_PERSON_NAME);
	assert_found("MISS EXAMPLE", GUARD_WARN, GUARD_PERSON_NAME);
	assert_found("MR J EXAMPLE", GUARD_WARN, GUARD_PERSON_NAME);
	assert_found("DR EXAMPLE", GUARD_WARN, GUARD_STAFF_NAME);
	assert_passed("MR scan, DR site, MR SCAN, DR SITE, DR Plan, MR MRI");
	assert_passed("Mr A and Mrs B");
	assert_passed("MR Imaging, MS nurses, 20 ms Later");
	assert_passed("Dr Foster data; a professor of Surgery; miss Two");
}

static void prose_of_improvement__passes(void **state)
{
	struct guard_report report = { .n = 0 };
	struct buf b;

	(void)state;
	buf_init(&b, CONTENT_BYTES_MAX);
	assert_int_equal(fs_read_file(TEST_DATA_DIR "/privacy/prose.md",
				      CONTENT_BYTES_MAX, &b, NULL),
			 WEALD_OK);
	assert_true(b.len > 4000);
	guard_text(buf_span(&b), "prose.md", 1, 0, &report);
	guard_check_report(&report, GUARD_PASS, 0, "prose.md");
	buf_release(&b);
}

static void finding__says_file_line_and_what_was_seen(void **state)
{
	struct guard_report report = { .n = 0 };

	(void)state;
	guard_text(span_of("one\r\ntwo\nNHS number 999 123 4519 here\n"),
		   "notes.md", 10, GUARD_STRICT, &report);
	assert_int_equal(report.n, 1);
	assert_string_equal(report.list[0].file, "notes.md");
	assert_int_equal(report.list[0].line, 12);
	assert_string_equal(report.list[0].seen, "999 *** ****");
	guard_release(&report);
}

static void finding__is_masked(void **state)
{
	static const struct {
		const char *text;
		const char *seen;
	} cases[] = {
		{ "Mrs Example told", "Mrs *******" },
		{ "jane.example@nhs.net", "j***.*******@***.***" },
		{ "DOB 12/03/1951", "**/**/****" },
		{ "MRN: 1234567", "MRN: *******" },
		{ "Text 07700 900123", "07*** ******" },
		{ "LS1 4AP", "LS* ***" },
		{ "AB123456C", "AB*******" },
		{ "H1234AB", "H******" },
		{ "aged 34", "aged **" },
	};
	struct guard_report report;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		report = guard_look(cases[i].text, "record.md", 0);
		assert_int_equal(report.n, 1);
		assert_string_equal(report.list[0].seen, cases[i].seen);
		guard_release(&report);
	}
}

/* Whatever stands around it, three digits are the most that is shown. */
static void masking__never_shows_more_than_three_digits(void **state)
{
	static const char *const parts[] = {
		"999 123 4519",
		"9991234519",
		"NHS number ",
		"943 476 5918",
		"07700 900123",
		"0113 496 0018",
		"MRN ",
		"RX1234567",
		"Datix ",
		"2024/12345",
		"DOB ",
		"12/03/1951",
		"died on ",
		"12 March 2025",
		"A1234AA",
		"prison ",
		"AB 12 34 56 C",
		"LS1 4AP",
		"patient ",
		"a 34-year-old",
		"a.1@example.com",
		"Mr Example1 ",
		" ",
		",",
		"\n",
		"-",
		"no. ",
		"\xe2\x80\x8b",
		"\xc2\xb9",
		"12",
	};
	struct prng p = { .state = 7 };
	struct guard_report report;
	char text[512];
	unsigned shown;
	size_t seen = 0;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < 20000; i++) {
		size_t n = 0;

		for (k = 0; k < 1 + prng_below(&p, 8); k++) {
			n += (size_t)snprintf(
				text + n, sizeof text - n, "%s",
				parts[prng_below(&p, sizeof parts /
							     sizeof parts[0])]);
		}
		report = guard_look(text, "record.md", GUARD_STRICT);
		seen += report.n;
		for (k = 0; k < report.n; k++) {
			const char *c = report.list[k].seen;

			for (shown = 0; *c != '\0'; c++) {
				shown += *c >= '0' && *c <= '9';
			}
			if (shown > 3) {
				guard_show(&report, text);
			}
			assert_true(shown <= 3);
		}
		guard_release(&report);
	}
	assert_true(seen > 10000);
}

static void report__keeps_a_hundred_and_counts_the_rest(void **state)
{
	struct guard_report report = { .n = 0 };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, CONTENT_BYTES_MAX);
	for (i = 0; i < 150; i++) {
		assert_int_equal(buf_add_text(&b, "Mrs Example\n"), WEALD_OK);
	}
	guard_text(buf_span(&b), "record.md", 1, 0, &report);
	guard_text(span_of("MRN 1234567"), "record.md", 151, 0, &report);
	assert_int_equal(report.n, GUARD_FINDINGS_MAX);
	/* the block has taken the place of a warning */
	assert_int_equal(report.left_out_blocks, 0);
	assert_int_equal(report.left_out_warnings, 51);
	assert_int_equal(report.list[99].verdict, GUARD_BLOCK);
	assert_int_equal(report.list[99].line, 151);
	assert_int_equal(report.list[98].line, 99);
	guard_check_report(&report, GUARD_BLOCK,
			   guard_bit(GUARD_PERSON_NAME) |
				   guard_bit(GUARD_HOSPITAL_NUMBER),
			   "151 lines");
	buf_release(&b);
}

static void look_at_lines(const char *line, size_t n, size_t first,
			  struct guard_report *report)
{
	size_t i;

	for (i = 0; i < n; i++) {
		guard_text(span_of(line), "record.md", first + i, 0, report);
	}
}

static void report__leaves_out_blocks_only_where_all_are(void **state)
{
	struct guard_report report = { .n = 0 };
	size_t i;

	(void)state;
	look_at_lines("Mrs Example", 60, 1, &report);
	look_at_lines("MRN 1234567", 103, 61, &report);
	look_at_lines("Mrs Example", 1, 200, &report);
	assert_int_equal(report.n, GUARD_FINDINGS_MAX);
	for (i = 0; i < report.n; i++) {
		assert_int_equal(report.list[i].verdict, GUARD_BLOCK);
		assert_int_equal(report.list[i].line, 61 + i);
	}
	assert_int_equal(report.left_out_blocks, 3);
	assert_int_equal(report.left_out_warnings, 61);
	guard_release(&report);
}

static void text__that_is_not_utf8_is_told_and_still_read(void **state)
{
	static const uint8_t binary[] = { 0x89, 'P', 'N', 'G', 0x1a, 0,
					  '9',  '9', '9', '1', '2',  '3',
					  '4',  '5', '1', '9', 0xff };
	struct guard_report report;

	(void)state;
	report = guard_look("caf\xe9\nMRN 1234567", "notes.txt", 0);
	assert_int_equal(report.list[0].kind, GUARD_UNREADABLE);
	assert_int_equal(report.list[0].line, 1);
	guard_check_report(&report, GUARD_BLOCK,
			   guard_bit(GUARD_UNREADABLE) |
				   guard_bit(GUARD_HOSPITAL_NUMBER),
			   "latin-1");
	/* not text at all: nothing in it means anything */
	guard_text((struct span){ binary, sizeof binary }, "a.png", 1,
		   GUARD_STRICT, &report);
	guard_check_report(&report, GUARD_WARN, guard_bit(GUARD_UNREADABLE),
			   "binary");
	/* a record.md that is none is refused elsewhere: nothing to confirm */
	report = guard_look("caf\xe9\nMRN 1234567", "record.md", 0);
	guard_check_report(&report, GUARD_BLOCK,
			   guard_bit(GUARD_HOSPITAL_NUMBER), "record.md");
}

static void text__with_zero_bytes_hides_nothing(void **state)
{
	static const char text[] = "M\0R\0N\0 \0001\0002\0003\0004\0005\0";
	struct guard_report report = { .n = 0 };

	(void)state;
	guard_text((struct span){ (const uint8_t *)text, sizeof text - 1 },
		   "a.txt", 1, 0, &report);
	guard_check_report(&report, GUARD_BLOCK,
			   guard_bit(GUARD_HOSPITAL_NUMBER), "UTF-16");
}

static void kinds__have_a_name_of_their_own_and_advice(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < GUARD_KINDS_N; i++) {
		const char *name = guard_kind_name((enum guard_kind)i);

		assert_int_equal(guard_kind_bit(name), 1u << i);
		assert_true(strlen(guard_kind_advice((enum guard_kind)i)) > 5);
	}
	assert_true(GUARD_KINDS_N <= 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors__come_out_as_expected_in_the_body),
		cmocka_unit_test(vectors__come_out_as_expected_in_a_table),
		cmocka_unit_test(nhs_number__is_found_however_it_is_written),
		cmocka_unit_test(nhs_number__is_not_seen_in_other_numbers),
		cmocka_unit_test(
			nhs_number__is_not_joined_over_rows_of_a_table),
		cmocka_unit_test(
			nhs_number__never_issued_is_told_only_where_it_is_likely),
		cmocka_unit_test(
			nhs_number__mistyped_is_told_where_it_is_called_one),
		cmocka_unit_test(
			random_digits__are_blocked_as_often_as_chance_says),
		cmocka_unit_test(hospital_number__is_blocked_behind_its_name),
		cmocka_unit_test(hospital_number__is_no_count),
		cmocka_unit_test(incident_reference__is_told),
		cmocka_unit_test(
			prison_number__is_blocked_by_a_word_for_custody),
		cmocka_unit_test(
			ni_number__is_blocked_with_prefixes_that_are_issued),
		cmocka_unit_test(mobile__is_blocked_in_every_form),
		cmocka_unit_test(landline__is_for_contact_only),
		cmocka_unit_test(email__is_for_organisations),
		cmocka_unit_test(postcode__is_blocked_near_a_home),
		cmocka_unit_test(date_of_birth__is_blocked_near_its_name),
		cmocka_unit_test(event_date__is_told),
		cmocka_unit_test(exact_age__is_told_and_bands_pass),
		cmocka_unit_test(names__are_told_behind_titles),
		cmocka_unit_test(prose_of_improvement__passes),
		cmocka_unit_test(finding__says_file_line_and_what_was_seen),
		cmocka_unit_test(finding__is_masked),
		cmocka_unit_test(masking__never_shows_more_than_three_digits),
		cmocka_unit_test(report__keeps_a_hundred_and_counts_the_rest),
		cmocka_unit_test(report__leaves_out_blocks_only_where_all_are),
		cmocka_unit_test(text__that_is_not_utf8_is_told_and_still_read),
		cmocka_unit_test(text__with_zero_bytes_hides_nothing),
		cmocka_unit_test(kinds__have_a_name_of_their_own_and_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
