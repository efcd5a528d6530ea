/** People as they appear: a coloured square with initials, and a name. */
import { h } from "./dom.js";

const COLOURS = ["#2f6f9f", "#9a5b2c", "#7a4a91", "#3b7d4f", "#a8434f", "#4f5fa8", "#2b7f80", "#8a6d1d"];

export const displayName = (user) => user?.real_name || user?.name || "unknown person";

function initials(name) {
  const words = name.trim().split(/\s+/);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : name.slice(0, 2)).toUpperCase();
}

function colourOf(user) {
  const given = user?.color ? `#${user.color.replace(/^#/, "")}` : "";
  if (/^#[0-9a-f]{6}$/i.test(given)) return given;
  const sum = [...(user?.id ?? "?")].reduce((total, letter) => total + letter.codePointAt(0), 0);
  return COLOURS[sum % COLOURS.length];
}

/** Decoration only: the name always stands beside it. */
export function avatar(user, size = "") {
  const className = `avatar ${size ? `avatar-${size}` : ""} ${user?.is_bot ? "avatar-bot" : ""}`;
  return h(
    "span",
    { class: className, style: { "--colour": colourOf(user) }, "aria-hidden": "true" },
    user?.is_bot ? "✓" : initials(displayName(user)),
  );
}
