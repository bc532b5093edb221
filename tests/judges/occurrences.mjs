// What ical.js (Thunderbird's parser) reads: node occurrences.mjs ICAL_JS < JSON array of calendars > JSON array of
// arrays, each of [uid, planned start, start, end] in seconds since 1970, by the zones in the file.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const ICAL = (await import(pathToFileURL(process.argv[2]))).default;

function occurrences(text) {
  ICAL.TimezoneService.reset();
  const calendar = new ICAL.Component(ICAL.parse(text));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = calendar.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each));
  const masters = events.filter((each) => !each.isRecurrenceException());
  const found = [];
  for (const master of masters) {
    for (const each of events) {
      if (each.isRecurrenceException() && each.uid === master.uid) master.relateException(each);
    }
    if (!master.isRecurring()) {
      found.push([master.uid, master.startDate, master.startDate, master.endDate]);
      continue;
    }
    const walk = master.iterator();
    for (let next = walk.next(); next; next = walk.next()) {
      const shown = master.getOccurrenceDetails(next);
      found.push([master.uid, shown.recurrenceId, shown.startDate, shown.endDate]);
    }
  }
  return found.map(([uid, ...times]) => [uid, ...times.map((each) => each.toUnixTime())]);
}

const calendars = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(calendars.map(occurrences)));
