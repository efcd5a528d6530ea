/** Times in the reader's own zone and language. A Slack `ts` is "seconds.sequence"; dates are epoch seconds. */

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const CLOCK = format({ hour: "numeric", minute: "2-digit" });
const CLOCK_SECONDS = format({ hour: "numeric", minute: "2-digit", second: "2-digit" });
const NUMERIC = format({ year: "numeric", month: "2-digit", day: "2-digit" });
const SHORT = format({ year: "numeric", month: "short", day: "numeric" });
const PLAIN = format({ year: "numeric", month: "long", day: "numeric" });
const LONG = format({ weekday: "long", year: "numeric", month: "long", day: "numeric" });
const WEEKDAY = format({ weekday: "long", month: "long", day: "numeric" });
const FULL = format({ dateStyle: "full", timeStyle: "medium" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export const dateOf = (ts) => new Date(Number(ts) * 1000);
export const clock = (ts) => CLOCK.format(dateOf(ts));
export const full = (ts) => FULL.format(dateOf(ts));

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** Whole calendar days between that day and today: 0 today, 1 yesterday, negative in the future. */
function daysAgo(date) {
  return Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
}

/** A key that is equal for two moments on the same day. */
export const dayKey = (ts) => midnight(dateOf(ts));

const RELATIVE_DAYS = { 0: "today", 1: "yesterday", "-1": "tomorrow" };

function pretty(date, formatter) {
  return RELATIVE_DAYS[daysAgo(date)] ?? formatter.format(date);
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** "Today", "Yesterday", or "Monday, November 3": the divider above a day's messages. */
export function dayLabel(ts) {
  const date = dateOf(ts);
  const thisYear = date.getFullYear() === new Date().getFullYear();
  return capital(pretty(date, thisYear ? WEEKDAY : LONG));
}

/** "today at 14:02": when a thread was last answered. */
export const moment = (ts) => `${pretty(dateOf(ts), PLAIN)} at ${clock(ts)}`;

function ago(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const steps = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return RELATIVE.format(Math.round(seconds / size), unit);
}

const DATE_TOKENS = {
  date_num: (date) => NUMERIC.format(date),
  date: (date) => PLAIN.format(date),
  date_short: (date) => SHORT.format(date),
  date_long: (date) => LONG.format(date),
  date_pretty: (date) => pretty(date, PLAIN),
  date_short_pretty: (date) => pretty(date, SHORT),
  date_long_pretty: (date) => pretty(date, LONG),
  time: (date) => CLOCK.format(date),
  time_secs: (date) => CLOCK_SECONDS.format(date),
  ago,
};

/** Fills the `{date_short}`-like tokens of a `<!date^…>` in the reader's zone; an unknown token stays as it is. */
export function fillDateTokens(epoch, template) {
  const date = dateOf(epoch);
  return template.replace(/\{(\w+)\}/g, (token, name) => DATE_TOKENS[name]?.(date) ?? token);
}
