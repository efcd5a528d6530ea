/** Links to places of this workspace ("/archives/C…", "/archives/C…/p…"): followed here instead of in a new window. */

const PLACE = /^\/archives\/(\w+)(?:\/p(\d+)(\d{6}))?$/;

/** @returns {{channel: string, ts: string|null, thread: string|null}|null} null when it leads elsewhere */
export function placeAt(url) {
  let parsed;
  try {
    parsed = new URL(url, location.href);
  } catch {
    return null;
  }
  const [, channel, seconds, fraction] = (parsed.origin === location.origin && PLACE.exec(parsed.pathname)) || [];
  const ts = seconds ? `${seconds}.${fraction}` : null;
  return channel ? { channel, ts, thread: parsed.searchParams.get("thread_ts") } : null;
}

/** Follows every such link that is clicked, and the one that the page was opened with. @returns {boolean} if it was */
export function followLinks(actions) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const place = link && !event.ctrlKey && !event.metaKey ? placeAt(link.href) : null;
    if (!place) return;
    event.preventDefault();
    actions.openPlace(place);
  });
  const first = placeAt(location.href);
  if (!first) return false;
  history.replaceState(null, "", "/");
  actions.openPlace(first);
  return true;
}
