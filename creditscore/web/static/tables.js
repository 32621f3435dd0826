// The upload with its progress, and the result without a reload. The server renders every answer;
// the files come with it, and stay in this page. Without this file the form works all the same.

const form = document.getElementById("form");
const file = document.getElementById("table");
const TICK = 1000; // milliseconds
const MEGABYTE = 1024 * 1024;

const byId = (id) => document.getElementById(id);

const language = document.documentElement.lang;

let running;
let phase;
let addresses = [];

// The browser's fetch does not tell how much was sent.
function send(task) {
  const body = new FormData(form);
  body.set("task", task);
  const asked = new XMLHttpRequest();
  asked.open("POST", form.getAttribute("action").split("#")[0]);
  asked.setRequestHeader("Accept", "multipart/form-data, application/json;q=0.9");
  asked.upload.onprogress = ({ loaded, total }) => {
    tell("uploading", { share: Math.floor(100 * loaded / total) }, loaded / total);
  };
  asked.upload.onload = () => count(task);
  asked.onprogress = ({ loaded }) => follow(asked, loaded);
  asked.onload = () => finish(asked).catch(() => refuse(form.dataset.failed));
  asked.onerror = () => refuse(form.dataset.failed);
  asked.send(body);
  tell("uploading", { share: 0 });
}

// Until the server says how far it is.
function count(task) {
  const began = Date.now();
  const tick = () => tell(task, { seconds: Math.round((Date.now() - began) / TICK) });
  clearInterval(running);
  running = setInterval(tick, TICK);
  tick();
}

// Lines of JSON come first, and then the result, whose parts need not be looked at before its end.
function follow(asked, loaded) {
  if (phase !== "logging") clearInterval(running);
  const boundary = boundaryOf(asked);
  if (!boundary) return;
  if (phase !== "receiving") {
    const text = asked.responseText;
    const line = text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1);
    if (text.includes(`--${boundary}`)) {
      phase = "receiving";
      clearInterval(running);
    } else if (line) return progress(JSON.parse(line));
  }
  tell("receiving", { size: new Intl.NumberFormat(language).format((loaded / MEGABYTE).toFixed(1)) });
}

function progress({ rows, share }) {
  if (share !== 1) tell("deciding", { rows: new Intl.NumberFormat(language).format(rows) }, share);
  else if (phase !== "logging") count(phase = "logging");
}

function tell(text, parts, share) {
  byId("progress").hidden = false;
  byId("progress-text").textContent = form.dataset[text].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
  const bar = byId("progress").querySelector("progress");
  if (typeof share === "number") bar.value = share;
  else bar.removeAttribute("value");
}

const boundaryOf = (asked) =>
  asked.getResponseHeader("Content-Type")?.match(/^multipart\/form-data; boundary=(\w+)/)?.[1];

async function finish(asked) {
  const type = asked.getResponseHeader("Content-Type") ?? "";
  const boundary = boundaryOf(asked);
  const text = asked.responseText;
  if (boundary) {
    const body = text.slice(text.indexOf(`--${boundary}`));
    const parts = await new Response(body, { headers: { "Content-Type": type } }).formData();
    show(parts.get("page"), parts);
  } else if (type.startsWith("text/html")) {
    show(text);
  } else {
    refuse(JSON.parse(text).detail);
  }
}

function show(text, parts) {
  const page = new DOMParser().parseFromString(text, "text/html");
  forget();
  byId("answer").replaceChildren(...page.getElementById("answer").childNodes);
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
  const said = document.createElement("div");
  said.className = "problems";
  const words = document.createElement("p");
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
  phase = "";
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
