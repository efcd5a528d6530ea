/** The local workspace's client API, one function per call. Every function resolves to the answer's JSON. */

/** An answer that is not a success; `message` is a sentence for the person. */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError("The workspace cannot be reached. Is it still running?", 0);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(answer.error ?? `The workspace answered ${response.status}.`, response.status);
  return answer;
}

const get = (path, query = {}) => call(`${path}?${new URLSearchParams(query)}`);

const post = (path, body) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const boot = (user) => get("/client/boot", user ? { user } : {});
export const history = (user, channel) => get("/client/history", { user, channel });
export const tables = () => get("/client/tables");
export const postMessage = (body) => post("/client/messages", body);
export const editMessage = (body) => post("/client/edits", body);
export const deleteMessage = (body) => post("/client/deletions", body);
export const act = (body) => post("/client/actions", body);
export const openHome = (body) => post("/client/home", body);
export const stop = (body) => post("/client/stop", body);
export const submitView = (id, body) => post(`/client/views/${encodeURIComponent(id)}/submit`, body);
export const closeView = (id, body) => post(`/client/views/${encodeURIComponent(id)}/close`, body);
export const fileUrl = (id) => `/client/files/${encodeURIComponent(id)}`;
export const eventsUrl = (user) => `/client/events?${new URLSearchParams({ user })}`;
