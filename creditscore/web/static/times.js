// Times in the reader's zone, as the language of the page writes them. Without this file they stand
// there in UTC, as their titles go on saying.

export function showLocalTimes(part) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    year: "numeric", month: "long", day: "numeric",
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
  });
  for (const time of part.querySelectorAll("time[datetime]")) {
    time.textContent = format.format(new Date(time.dateTime));
  }
}
