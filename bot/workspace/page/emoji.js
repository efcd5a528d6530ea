/** The emoji names an app is likely to write; any other name stays readable as `:name:`. */

const EMOJI = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️",
  x: "❌", no_entry: "⛔", no_entry_sign: "🚫", warning: "⚠️", rotating_light: "🚨", exclamation: "❗", question: "❓",
  information_source: "ℹ️", hourglass: "⌛", hourglass_flowing_sand: "⏳", alarm_clock: "⏰", stopwatch: "⏱️", eyes: "👀",
  pencil: "📝", pencil2: "✏️", memo: "📝", mag: "🔍", lock: "🔒", unlock: "🔓", key: "🔑", bell: "🔔", email: "✉️", envelope: "✉️",
  package: "📦", truck: "🚚", moneybag: "💰", credit_card: "💳", gear: "⚙️", robot_face: "🤖", wave: "👋", tada: "🎉", rocket: "🚀",
  bulb: "💡", fire: "🔥", star: "⭐", sparkles: "✨", heart: "❤️", smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔",
  pray: "🙏", raised_hands: "🙌", clap: "👏", speech_balloon: "💬", calendar: "📆", arrow_right: "➡️", point_right: "👉",
  large_green_circle: "🟢", large_yellow_circle: "🟡", red_circle: "🔴", white_circle: "⚪", repeat: "🔁", arrows_counterclockwise: "🔄",
  double_vertical_bar: "⏸️", black_right_pointing_triangle: "▶️", bust_in_silhouette: "👤", busts_in_silhouette: "👥",
};

export const emoji = (name) => EMOJI[name] ?? `:${name}:`;

/** Replaces `:name:` in plain text. */
export const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (token, name) => EMOJI[name] ?? token);
