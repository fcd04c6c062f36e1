#include "daemon/picture/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/evidence/number.h"

/* Numbers of more digits than this before the point are shown in thousands. */
#define WHOLE_DIGITS 5

/* ---- numbers -------------------------------------------------------------
 */

/* The round step of at least @least. */
static double round_step(double least)
{
	static const double round[] = { 1, 2, 2.5, 5, 10 };
	const double ten = pow(10, floor(log10(least)));
	size_t i;

	for (i = 0; i + 1 < sizeof round / sizeof *round; i++) {
		if (round[i] * ten >= least * (1 - 1e-9)) {
			break;
		}
	}
	return round[i] * ten;
}

/* Digits behind the point that tell multiples of @step apart. */
static unsigned decimals_of(double step)
{
	unsigned n = 0;

	while (n < 9 && fabs(step - round(step)) > 1e-6 * step) {
		step *= 10;
		n++;
	}
	return n;
}

void axis_make(double low, double high, size_t ticks_max, struct axis *out)
{
	const double n = (double)(ticks_max < 2 ? 2 : ticks_max);
	double size;
	int digits;

	if (high < low) {
		const double swap = low;

		low = high;
		high = swap;
	}
	if (high - low < 1e-9 * fmax(fabs(high), fabs(low)) || high <= low) {
		/* one value: some room on both sides of it, or none below 0 */
		const double room = high == 0 ? 1 : fabs(high) / 2;

		high += room;
		low = low >= 0 ? fmax(low - room, 0) : low - room;
	}
	/* rounding outwards may take one step more than there is room for */
	out->step = round_step((high - low) / n);
	while (ceil(high / out->step - 1e-9) - floor(low / out->step + 1e-9) >
	       n) {
		out->step = round_step(out->step * 1.01);
	}
	out->low = floor(low / out->step + 1e-9) * out->step;
	out->high = ceil(high / out->step - 1e-9) * out->step;
	size = fmax(fabs(out->low), fabs(out->high));
	digits = (int)floor(log10(size) + 1e-9) + 1;
	out->power = 0;
	if (digits > WHOLE_DIGITS) {
		out->power = (digits - 1) / 3 * 3;
	} else if (digits < -1) {
		out->power = -((3 - digits) / 3 * 3);
	}
	out->decimals = decimals_of(out->step * pow(10, -out->power));
}

/* "-12345.6" with commas between thousands. */
static void add_commas(const char *digits, char out[AXIS_TEXT_BYTES])
{
	const char *first = digits[0] == '-' ? digits + 1 : digits;
	const size_t whole = strspn(first, "0123456789");
	size_t n = 0;
	size_t i;

	if (digits[0] == '-') {
		out[n++] = '-';
	}
	for (i = 0; first[i] != '\0' && n + 2 < AXIS_TEXT_BYTES; i++) {
		if (i > 0 && i < whole && (whole - i) % 3 == 0) {
			out[n++] = ',';
		}
		out[n++] = first[i];
	}
	out[n] = '\0';
}

void axis_text(const struct axis *a, double value, unsigned more,
	       char out[AXIS_TEXT_BYTES])
{
	char digits[NUMBER_TEXT_BYTES];
	unsigned decimals = a->decimals + more;

	number_text(value * pow(10, -a->power), decimals > 9 ? 9 : decimals,
		    digits);
	add_commas(digits, out);
}

void axis_power_words(const struct axis *a, char out[AXIS_TEXT_BYTES])
{
	static const char *const words[] = { "", "in thousands", "in millions",
					     "in billions" };

	if (a->power >= 0 && a->power <= 9) {
		(void)snprintf(out, AXIS_TEXT_BYTES, "%s", words[a->power / 3]);
	} else {
		(void)snprintf(out, AXIS_TEXT_BYTES, "in units of 10^%d",
			       a->power);
	}
}

/* ---- months --------------------------------------------------------------
 */

void axis_month_parts(int32_t month, unsigned *out_of_year, int32_t *out_year)
{
	const int64_t since_0 = (int64_t)month + 1970 * 12;
	const int64_t of_year = (since_0 % 12 + 12) % 12;

	*out_of_year = (unsigned)of_year;
	*out_year = (int32_t)((since_0 - of_year) / 12);
}

const char *axis_month_name(unsigned of_year)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr",
					     "May", "Jun", "Jul", "Aug",
					     "Sep", "Oct", "Nov", "Dec" };

	return names[of_year % 12];
}

void axis_month(int32_t month, char out[AXIS_MONTH_BYTES])
{
	unsigned of_year;
	int32_t year;

	axis_month_parts(month, &of_year, &year);
	(void)snprintf(out, AXIS_MONTH_BYTES, "%s %d", axis_month_name(of_year),
		       (int)year);
}

int32_t axis_months_apart(double step, double width)
{
	static const int32_t apart[] = { 1,   2,   3,   6,    12,   24,  60,
					 120, 240, 600, 1200, 2400, 6000 };
	size_t i = 0;

	while (i + 1 < sizeof apart / sizeof *apart &&
	       apart[i] * step < width) {
		i++;
	}
	return apart[i];
}

/* ---- labels --------------------------------------------------------------
 */

void axis_spread(double *at, size_t n, double size, double low, double high)
{
	size_t i;

	if (n == 0) {
		return;
	}
	at[0] = fmax(at[0], low + size / 2);
	for (i = 1; i < n; i++) {
		at[i] = fmax(at[i], at[i - 1] + size);
	}
	/* what was pushed out at the end pushes the others back */
	at[n - 1] = fmin(at[n - 1], high - size / 2);
	for (i = n - 1; i > 0; i--) {
		at[i - 1] = fmin(at[i - 1], at[i] - size);
	}
}
