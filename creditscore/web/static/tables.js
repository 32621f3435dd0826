// The upload with its progress, and the result without a reload. The server renders every answer;
// the files come with it, and stay in this page. Without this file the form works all the same.

const form = document.getElementById("form");
const file = document.getElementById("table");
const TICK = 1000; // milliseconds
const MEGABYTE = 1024 * 1024;

const byId = (id) => document.getElementById(id);

let running;
let addresses = [];

// The browser's fetch does not tell how much was sent.
function send(task) {
  const body = new FormData(form);
  body.set("task", task);
  const asked = new XMLHttpRequest();
  asked.open("POST", form.action);
  asked.responseType = "blob";
  asked.setRequestHeader("Accept", "multipart/form-data, text/html;q=0.9, application/json;q=0.8");
  asked.upload.onprogress = (event) => {
    if (event.lengthComputable) tell("uploading", { share: Math.floor(100 * event.loaded / event.total) }, event);
  };
  asked.upload.onload = () => count(task);
  asked.onprogress = (event) => {
    clearInterval(running);
    tell("receiving", { size: (event.loaded / MEGABYTE).toFixed(1) }, event);
  };
  asked.onload = () => finish(asked).catch(() => refuse(form.dataset.failed));
  asked.onerror = () => refuse(form.dataset.failed);
  asked.send(body);
  tell("uploading", { share: 0 });
}

// How far the server is nobody knows: it sends nothing before every decision is in the log.
function count(task) {
  const began = Date.now();
  const tick = () => tell(task, { seconds: Math.round((Date.now() - began) / TICK) });
  running = setInterval(tick, TICK);
  tick();
}

function tell(text, parts, { loaded, total, lengthComputable } = {}) {
  byId("progress").hidden = false;
  byId("progress-text").textContent = form.dataset[text].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
  const bar = byId("progress").querySelector("progress");
  if (lengthComputable) [bar.max, bar.value] = [total, loaded];
  else bar.removeAttribute("value");
}

async function finish(asked) {
  const type = asked.getResponseHeader("Content-Type") ?? "";
  const answer = new Response(asked.response, { headers: { "Content-Type": type } });
  if (type.startsWith("multipart/form-data")) {
    const parts = await answer.formData();
    show(parts.get("page"), parts);
  } else if (type.startsWith("text/html")) {
    show(await answer.text());
  } else {
    refuse((await answer.json()).detail);
  }
}

function show(text, parts) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const answer = page.getElementById("answer");
  if (!answer) {
    refuse(page.querySelector("main").textContent.trim());
    return;
  }
  forget();
  byId("answer").replaceChildren(...answer.childNodes);
  document.title = page.title;
  // The file is still chosen.
  for (const said of byId("answer").querySelectorAll(".again")) said.hidden = true;
  for (const name of parts ? ["scored", "rejected"] : []) {
    if (!parts.has(name)) continue;
    const address = URL.createObjectURL(parts.get(name));
    addresses.push(address);
    byId(`file-${name}`).href = address;
  }
  end();
}

function refuse(detail) {
  const said = document.createElement("p");
  said.className = "problems";
  const words = document.createElement("span");
  words.textContent = detail;
  said.append(words);
  forget();
  byId("answer").replaceChildren(said);
  end();
}

function forget() {
  for (const address of addresses) URL.revokeObjectURL(address);
  addresses = [];
}

function end() {
  clearInterval(running);
  byId("progress").hidden = true;
  for (const button of form.querySelectorAll("button")) button.disabled = false;
  const title = byId("answer-title");
  byId("status").textContent = (title ?? byId("answer")).textContent.trim();
  title?.focus({ preventScroll: true });
  byId("answer").scrollIntoView();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (file.files[0]?.size > Number(form.dataset.most)) {
    refuse(form.dataset.tooLarge);
    return;
  }
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  send(event.submitter?.value ?? "check");
});
