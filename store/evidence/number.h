/*
 * Numbers for output: rounded, so that different processors print the same
 * digits. What is computed is kept whole; what a person or a program is shown
 * goes through here.
 *
 * Rounding is of the decimal number, halves away from 0: 1.005 is 1.01 with
 * two decimals, though the double nearest to it is a little less. For that a
 * number is first taken to 12 significant digits, from 1000 on to 15, which
 * are more than any figure has, and fewer than two processors may differ in.
 *
 * Pure.
 */
#ifndef WEALD_STORE_EVIDENCE_NUMBER_H
#define WEALD_STORE_EVIDENCE_NUMBER_H

#include <stdbool.h>

/* Decimals of a ratio in a sentence, and in a table (evidence, "presenting").
 */
#define NUMBER_SENTENCE     2u
#define NUMBER_TABLE        3u
#define NUMBER_DECIMALS_MAX 9u
/* Significant digits of a computed number that programs are given, in JSON. */
#define NUMBER_DIGITS 8u

#define NUMBER_TEXT_BYTES 32u
/*
 * @x with @decimals (0..9) digits behind the point; never "-0.00". "-" for
 * what is no number or 1e15 and larger.
 */
void number_text(double x, unsigned decimals, char out[NUMBER_TEXT_BYTES]);

/*
 * How much fewer or more a ratio says, in whole percent: 22 of 0.78, -26 of
 * 1.26. Of the ratio as a sentence has it, with two decimals, so that the two
 * agree. @ratio above 0; bounded to -99900..100, and 0 for what is no ratio.
 */
int number_percent_fewer(double ratio);
/*
 * Is it beyond what percent say? Then "over 1000 times as many", NaN never.
 */
#define NUMBER_HUGE_TIMES "over 1000 times"
bool number_is_huge(double ratio);

#endif
