/** The local workspace's client API, one function per call. Every function resolves to the answer's JSON. */

let token = ""; // this start's, from boot: without it nothing is changed
let reader = ""; // who looks, from boot: files are for those who are where they were posted

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

function send(path, body) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** A call that is refused for its token did nothing: the workspace was started anew, and tells its new one. */
async function post(path, body) {
  try {
    return await send(path, body);
  } catch (error) {
    if (error.status !== 403) throw error;
    await boot();
    return send(path, body);
  }
}

export async function boot(user) {
  const answer = await get("/client/boot", user ? { user } : {});
  token = answer.token;
  reader = answer.me.id;
  return answer;
}

export const history = (user, channel) => get("/client/history", { user, channel });
export const tables = () => get("/client/tables");
export const postMessage = (body) => post("/client/messages", body);
export const editMessage = (body) => post("/client/edits", body);
export const deleteMessage = (body) => post("/client/deletions", body);
export const act = (body) => post("/client/actions", body);
export const openHome = (body) => post("/client/home", body);
export const suggest = (body) => post("/client/suggestions", body);
export const tellZone = (body) => post("/client/zone", body);
export const stop = (body) => post("/client/stop", body);
export const submitView = (id, body) => post(`/client/views/${encodeURIComponent(id)}/submit`, body);
export const closeView = (id, body) => post(`/client/views/${encodeURIComponent(id)}/close`, body);
export const fileUrl = (id) => `/client/files/${encodeURIComponent(id)}?${new URLSearchParams({ user: reader })}`;
export const eventsUrl = (user) => `/client/events?${new URLSearchParams({ user })}`;
