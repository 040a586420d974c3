#include "proxy/log/time_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECONDS_A_DAY 86400
#define FIRST_SECOND (-62167219200) /* 0000-01-01T00:00:00Z */
#define LAST_SECOND 253402300799 /* 9999-12-31T23:59:59Z */

struct civil_time {
	int year, month, day, hour, minute, second;
};

/* The proleptic Gregorian calendar by whole 400-year eras, since timegm and gmtime_r are not C11 and vary in range. */
static int64_t days_of_civil(int year, int month, int day)
{
	int64_t shifted = month <= 2 ? (int64_t)year - 1 : year; /* the year begins in March: leap days come last */
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static struct civil_time civil_of_seconds(int64_t seconds)
{
	int64_t days = seconds / SECONDS_A_DAY;
	int64_t rest = seconds % SECONDS_A_DAY;
	if (rest < 0) {
		rest += SECONDS_A_DAY;
		days--;
	}
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted_month = (5 * day_of_year + 2) / 153;
	int month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
	return (struct civil_time){
	    .year = (int)(year_of_era + era * 400) + (month <= 2 ? 1 : 0),
	    .month = month,
	    .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
	    .hour = (int)(rest / 3600),
	    .minute = (int)(rest / 60 % 60),
	    .second = (int)(rest % 60),
	};
}

static int64_t clamp(int64_t seconds)
{
	if (seconds < FIRST_SECOND)
		return FIRST_SECOND;
	return seconds > LAST_SECOND ? LAST_SECOND : seconds;
}

const char *time_text_print(int64_t seconds, char out[TIME_TEXT_MAX])
{
	struct civil_time t = civil_of_seconds(clamp(seconds));
	snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year, t.month, t.day, t.hour, t.minute,
		 t.second);
	return out;
}

const char *time_text_print_ms(int64_t milliseconds, char out[TIME_TEXT_MAX])
{
	int64_t seconds = milliseconds / 1000;
	int rest = (int)(milliseconds % 1000);
	if (rest < 0) {
		rest += 1000;
		seconds--;
	}
	struct civil_time t = civil_of_seconds(clamp(seconds));
	snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.year, t.month, t.day, t.hour, t.minute,
		 t.second, rest);
	return out;
}

const char *time_text_print_day(int64_t seconds, char out[TIME_TEXT_MAX])
{
	struct civil_time t = civil_of_seconds(clamp(seconds));
	snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02d", t.year, t.month, t.day);
	return out;
}

/* Reads exactly `digits` digits and moves on; -1 where there are fewer. */
static int read_number(const char **text, int digits)
{
	int value = 0;
	for (int i = 0; i < digits; i++) {
		char c = (*text)[i];
		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
	}
	*text += digits;
	return value;
}

static bool read_char(const char **text, const char *any_of)
{
	if (**text == '\0' || strchr(any_of, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool read_day(const char **text, struct civil_time *t)
{
	t->year = read_number(text, 4);
	if (t->year < 0 || !read_char(text, "-"))
		return false;
	t->month = read_number(text, 2);
	if (t->month < 1 || t->month > 12 || !read_char(text, "-"))
		return false;
	t->day = read_number(text, 2);
	return t->day >= 1 && t->day <= days_of_month(t->year, t->month);
}

static bool read_clock(const char **text, struct civil_time *t)
{
	t->hour = read_number(text, 2);
	if (t->hour < 0 || t->hour > 23 || !read_char(text, ":"))
		return false;
	t->minute = read_number(text, 2);
	if (t->minute < 0 || t->minute > 59 || !read_char(text, ":"))
		return false;
	t->second = read_number(text, 2);
	if (t->second < 0 || t->second > 60) /* 60: a leap second (RFC 3339 5.7) */
		return false;
	if (!read_char(text, "."))
		return true;
	if (read_number(text, 1) < 0)
		return false;
	while (read_number(text, 1) >= 0)
		continue;
	return true;
}

static bool read_offset(const char **text, int *out_seconds)
{
	*out_seconds = 0;
	if (read_char(text, "Zz"))
		return true;
	int sign = **text == '-' ? -1 : 1;
	if (!read_char(text, "+-"))
		return false;
	int hours = read_number(text, 2);
	if (hours < 0 || hours > 23 || !read_char(text, ":"))
		return false;
	int minutes = read_number(text, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	*out_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

struct error time_text_parse(const char *text, int64_t *out_seconds)
{
	static const char wrong[] = "not a time: write it as 2026-11-20T10:35:41Z or 2026-11-20";
	struct civil_time t = {0};
	int offset = 0;
	if (!read_day(&text, &t))
		return error_of(ERROR_FORMAT, 0, wrong);
	if (*text != '\0') {
		if (!read_char(&text, "Tt ") || !read_clock(&text, &t) || !read_offset(&text, &offset) || *text != '\0')
			return error_of(ERROR_FORMAT, 0, wrong);
	}
	*out_seconds = days_of_civil(t.year, t.month, t.day) * SECONDS_A_DAY + (int64_t)t.hour * 3600 +
		       (int64_t)t.minute * 60 + t.second - offset;
	return error_none();
}

int64_t time_text_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
