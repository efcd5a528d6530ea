/** Slack's stored form of a text → what the person typed, for an edit to start from. The server makes the way back. */
import { decode } from "./mrkdwn.js";

export function typedText(text, names) {
  const plain = text
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (token, id) => (names.user(id) ? `@${names.user(id).name}` : token))
    .replace(/<#(\w+)(?:\|[^>]*)?>/g, (token, id) => (names.channel(id) ? `#${names.channel(id).name}` : token))
    .replace(/<mailto:([^|>]+)(?:\|[^>]*)?>/g, "$1")
    .replace(/<(https?:[^|>]+)(?:\|[^>]*)?>/g, "$1");
  return decode(plain);
}
