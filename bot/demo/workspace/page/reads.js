/** What each person has read, kept in this browser, so that a dot in the sidebar survives a reload. */

const KEY = "signoff.reads";

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

const reads = load();

/** Marks everything in the conversation as read by the person. */
export function markRead(store, channel) {
  const newest = store.channelMessages(channel).at(-1)?.ts ?? "0";
  const mine = (reads[store.me.id] ??= {});
  if (Number(mine[channel] ?? 0) >= Number(newest)) return;
  mine[channel] = newest;
  localStorage.setItem(KEY, JSON.stringify(reads));
}

/** How many messages of others the person has not seen. */
export function unread(store, channel) {
  const seen = Number(reads[store.me.id]?.[channel] ?? 0);
  return store.channelMessages(channel).filter((message) => Number(message.ts) > seen && message.user !== store.me.id)
    .length;
}
