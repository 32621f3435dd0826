// Times, and the days of the filters, in the reader's zone. Without this file both are in UTC.

import { showLocalTimes } from "./times.js";

const form = document.getElementById("filters");

// The distance from UTC on the first day that is asked for, as +07:00: it may change in the year.
function zoneOf(day) {
  const at = day ? new Date(`${day}T00:00`) : new Date();
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  const [hours, rest] = [Math.floor(size / 60), size % 60].map((part) => `${part}`.padStart(2, "0"));
  return `${minutes < 0 ? "-" : "+"}${hours}:${rest}`;
}

form.addEventListener("submit", () => {
  const days = [form.elements.from.value, form.elements.to.value];
  form.elements.zone.value = days.some(Boolean) ? zoneOf(days.find(Boolean)) : "";
});
showLocalTimes(document);
