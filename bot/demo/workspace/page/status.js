/** What the app says it is doing in a thread: "signoff is thinking…", else what its session there is at. */
import { channelTitle, statusKey } from "./store.js";

/** An app writes "is thinking..."; its name belongs in front, as in Slack. */
function statusText(status, store) {
  const name = channelTitle({ kind: "dm", with: store.bot.id }, store);
  const text = status.replace(/\.\.\.$/, "…");
  return text.startsWith("is ") ? `${name} ${text}` : text;
}

/** The line over a thread's composer; empty when nothing goes on there. */
export function doing(store, channel, thread) {
  const key = statusKey(channel, thread);
  const said = store.statuses.get(key);
  if (said) return statusText(said, store);
  const name = channelTitle({ kind: "dm", with: store.bot.id }, store);
  const states = { processing: `${name} is working…`, suspended: `${name} waits for a decision` };
  return states[store.sessions.get(key)?.status] ?? "";
}

/** Whether there is something that Stop would end. */
export function isWorking(store, channel, thread) {
  const key = statusKey(channel, thread);
  if (store.statuses.has(key) || store.sessions.get(key)?.status === "processing") return true;
  return store.thread(channel, thread).some((message) => message.streaming);
}
