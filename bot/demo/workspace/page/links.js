/** Links to messages of this workspace ("/archives/C…/p…"): followed here instead of in a new window. */

const MESSAGE = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/;

/** @returns {{channel: string, ts: string, thread: string|null}|null} null when it leads elsewhere */
export function messageAt(url) {
  let parsed;
  try {
    parsed = new URL(url, location.href);
  } catch {
    return null;
  }
  const [, channel, seconds, fraction] = (parsed.origin === location.origin && MESSAGE.exec(parsed.pathname)) || [];
  return channel ? { channel, ts: `${seconds}.${fraction}`, thread: parsed.searchParams.get("thread_ts") } : null;
}

/** Follows every such link that is clicked, and the one that the page was opened with. @returns {boolean} if it was */
export function followLinks(actions) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const place = link && !event.ctrlKey && !event.metaKey ? messageAt(link.href) : null;
    if (!place) return;
    event.preventDefault();
    actions.openMessage(place);
  });
  const first = messageAt(location.href);
  if (!first) return false;
  history.replaceState(null, "", "/");
  actions.openMessage(first);
  return true;
}
