// A page whose content needs a key: fetched with the one of this tab, and put into its place.

import { act, KEY, prepare } from "./shared.js";

const byId = (id) => document.getElementById(id);
const status = byId("status");

async function load() {
  const key = sessionStorage.getItem(KEY);
  byId("gate").hidden = Boolean(key);
  byId("leave").hidden = !key;
  if (!key) return;
  status.textContent = status.dataset.waiting;
  const headers = {
    Accept: "text/html", "Accept-Language": document.documentElement.lang, "X-API-Key": key,
  };
  try {
    const answer = await fetch(location.href.split("#")[0], { headers });
    const text = await answer.text();
    status.textContent = "";
    if (answer.ok) show(new DOMParser().parseFromString(text, "text/html"));
    else refuse(answer.status, JSON.parse(text).detail);
  } catch {
    status.textContent = status.dataset.failed;
  }
}

function show(page) {
  byId("found").replaceChildren(...page.getElementById("found").childNodes);
  prepare(byId("found"));
}

function refuse(code, detail) {
  if (code !== 401) {
    status.textContent = detail;
    return;
  }
  sessionStorage.removeItem(KEY);
  byId("gate").hidden = false;
  byId("leave").hidden = true;
  byId("key-error").textContent = detail;
  byId("api-key").focus();
}

// A link alone would not send the key.
async function download(event) {
  const link = event.target.closest("a[download]");
  if (!link) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { headers: { "X-API-Key": sessionStorage.getItem(KEY) } });
    if (!answer.ok) return refuse(answer.status, (await answer.json()).detail);
    const file = document.createElement("a");
    file.href = URL.createObjectURL(await answer.blob());
    file.download = link.download;
    file.click();
    URL.revokeObjectURL(file.href);
  } catch {
    status.textContent = status.dataset.failed;
  }
}

byId("key").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = byId("api-key").value.trim();
  if (!typed) return;
  byId("key-error").textContent = "";
  byId("api-key").value = "";
  sessionStorage.setItem(KEY, typed);
  load();
});
byId("key-forget").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  byId("found").replaceChildren();
  load();
  byId("api-key").focus();
});
byId("found").addEventListener("click", act);
byId("found").addEventListener("click", download);
load();
