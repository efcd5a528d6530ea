/** What the app says it is doing in a thread: "signoff is thinking…". */
import { channelTitle } from "./store.js";

/** An app writes "is thinking..."; its name belongs in front, as in Slack. */
export function statusText(status, store) {
  const name = channelTitle({ kind: "dm", with: store.bot.id }, store);
  const text = status.replace(/\.\.\.$/, "…");
  return text.startsWith("is ") ? `${name} ${text}` : text;
}
