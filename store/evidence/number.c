#include "store/evidence/number.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_SMALL 12
#define DIGITS_LARGE 15
#define LARGE_FROM   1000.0
#define TEXT_BELOW   1e15

/* A decimal number: 0.d0 d1 d2 ... times ten to the @exponent; n 0 is 0. */
struct decimal {
	bool minus;
	int exponent;
	int n;
	char digits[DIGITS_LARGE + 1];
};

/* @x, finite, with as many digits as are taken for true. */
static struct decimal decimal_of(double x)
{
	int n = fabs(x) < LARGE_FROM ? DIGITS_SMALL : DIGITS_LARGE;
	struct decimal d = { 0 };
	char text[NUMBER_TEXT_BYTES];
	const char *p = text;

	if (x == 0) {
		return d;
	}
	/* "d.ddde-xx"; only digits are read, whatever the locale's point is */
	(void)snprintf(text, sizeof text, "%.*e", n - 1, fabs(x));
	for (; *p != 'e'; p++) {
		if (*p >= '0' && *p <= '9') {
			d.digits[d.n] = *p;
			d.n++;
		}
	}
	d.minus = x < 0;
	d.exponent = (int)strtol(p + 1, NULL, 10) + 1;
	return d;
}

/* Round to the first @keep digits, halves away from 0; @keep may be below 0. */
static void decimal_cut(struct decimal *d, int keep)
{
	bool up;
	int i;

	if (keep >= d->n) {
		return;
	}
	up = keep >= 0 && d->digits[keep] >= '5';
	d->n = keep > 0 ? keep : 0;
	for (i = d->n; up && i > 0; i--) {
		up = d->digits[i - 1] == '9';
		d->digits[i - 1] = up ? '0' : (char)(d->digits[i - 1] + 1);
	}
	if (up) {
		/* all were nines, or none is left: a one before them */
		d->digits[0] = '1';
		d->n = d->n > 0 ? d->n : 1;
		d->exponent++;
	}
}

/* The digit that is worth ten to the @place. */
static char decimal_digit(const struct decimal *d, int place)
{
	int i = d->exponent - 1 - place;

	return i >= 0 && i < d->n ? d->digits[i] : '0';
}

void number_text(double x, unsigned decimals, char out[NUMBER_TEXT_BYTES])
{
	struct decimal d;
	size_t used = 0;
	bool any = false;
	int place;
	int i;

	if (decimals > NUMBER_DECIMALS_MAX) {
		decimals = NUMBER_DECIMALS_MAX;
	}
	if (!(fabs(x) < TEXT_BELOW)) {
		(void)snprintf(out, NUMBER_TEXT_BYTES, "-");
		return;
	}
	d = decimal_of(x);
	decimal_cut(&d, d.exponent + (int)decimals);
	for (i = 0; i < d.n; i++) {
		any = any || d.digits[i] != '0';
	}
	if (d.minus && any) {
		out[used] = '-';
		used++;
	}
	for (place = d.exponent > 1 ? d.exponent - 1 : 0;
	     place >= -(int)decimals; place--) {
		if (place == -1) {
			out[used] = '.';
			used++;
		}
		out[used] = decimal_digit(&d, place);
		used++;
	}
	out[used] = '\0';
}

bool number_is_huge(double ratio)
{
	return ratio >= LARGE_FROM;
}

int number_percent_fewer(double ratio)
{
	char text[NUMBER_TEXT_BYTES];

	if (!(ratio > 0)) {
		return 0;
	}
	if (number_is_huge(ratio)) {
		return -99900;
	}
	/* "0.78": a hundredth is a percent */
	number_text(ratio, NUMBER_SENTENCE, text);
	return 100 - (int)lround(100 * strtod(text, NULL));
}
