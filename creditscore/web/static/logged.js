// A page over the log: local times, and its buttons. Without this file it says the same.

import { act, prepare } from "./shared.js";

prepare(document);
document.addEventListener("click", act);
