// The citizens' page: map, list, filter and detail always say the same.
import { bounds, collection, drawBoundaries, feature, openMap } from "./ground.js";
import { VehicleLayer } from "./vehicle-layer.js";
import { shortName, Vehicles } from "./vehicles.js";

const LONGEST_LIST = 200;
const TICK_MS = 1000;
const OUTDATED_S = 60;

const by = (id) => document.getElementById(id);
const words = JSON.parse(by("words").textContent);
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "short" });
const icons = Object.fromEntries(
  [...document.querySelectorAll(".chip")].map((chip) => [chip.querySelector("input").value, chip.querySelector("img").src]),
);
const filter = readFilter();
const rows = new Map();
let chosen = null;
let layer = null;
let map = null;
let lastLook = "";
let fitted = location.hash.length > 1;

const vehicles = new Vehicles(update);

// ---- words ------------------------------------------------------------------------------------------------------

function ago(seconds) {
  if (seconds < 60) return relative.format(-Math.round(seconds), "second");
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
  return relative.format(-Math.floor(seconds / 3600), "hour");
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function stateLine(vehicle) {
  const seen = fill(vehicle.old ? words.old : words.seen, { ago: ago(vehicles.age(vehicle)) });
  return `${stateOf(vehicle)} · ${seen}`;
}

/** Heavy equipment works where it is kept: "at its base" would say that it rests. */
function stateOf({ kind, state }) {
  return words.states_of[kind]?.[state] ?? words.states[state];
}

function nameOf(vehicle) {
  return `${words.kinds[vehicle.kind] ?? vehicle.kind} ${shortName(vehicle)}`;
}

// ---- filter, kept in the address ----------------------------------------------------------------------------------

function readFilter() {
  const query = new URLSearchParams(location.search);
  const kinds = (query.get("kind") ?? "").split(",").filter((kind) => kind in icons);
  return { kinds: new Set(kinds), agency: query.get("agency") ?? "" };
}

function keepFilter() {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of [["kind", [...filter.kinds].join(",")], ["agency", filter.agency]]) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString().replaceAll("%2C", ",");
  history.replaceState(null, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
}

function wireFilter() {
  const form = by("filter");
  for (const box of form.querySelectorAll("[name=kind]")) box.checked = filter.kinds.has(box.value);
  form.addEventListener("change", () => {
    filter.kinds = new Set([...form.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
    filter.agency = by("agency").value;
    keepFilter();
    update();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

function matches(vehicle, { anyKind = false } = {}) {
  const kind = anyKind || !filter.kinds.size || filter.kinds.has(vehicle.kind);
  return kind && (!filter.agency || vehicle.agency === filter.agency);
}

// ---- showing ------------------------------------------------------------------------------------------------------

function update() {
  const current = vehicles.current();
  const shown = current.filter((vehicle) => matches(vehicle));
  showCounts(current);
  showAgencies(current);
  showList(shown);
  showDetail(current);
  showFreshness();
  layer?.show(shown, chosen);
  fitOnce(shown);
}

/** Ages go on between two snapshots; the map changes only where a vehicle became old or stale. */
function tick() {
  const look = vehicles.current().map((vehicle) => `${vehicle.id}${vehicle.old}`).join();
  if (look !== lastLook) update();
  lastLook = look;
  for (const vehicle of vehicles.current()) {
    const row = rows.get(vehicle.id);
    if (row) paintRow(row, vehicle);
  }
  showDetail(vehicles.current());
  showFreshness();
}

function showCounts(current) {
  for (const count of document.querySelectorAll("[data-count]")) {
    const kind = count.dataset.count;
    const number = current.filter((one) => one.kind === kind && matches(one, { anyKind: true })).length;
    count.textContent = vehicles.generatedAt ? number : "–";
  }
}

function showAgencies(current) {
  const select = by("agency");
  const names = [...new Set(current.map((vehicle) => vehicle.agency))];
  if (filter.agency && !names.includes(filter.agency)) names.push(filter.agency);
  names.sort((a, b) => a.localeCompare(b));
  const known = [...select.options].slice(1).map((option) => option.value);
  if (names.join("\n") !== known.join("\n")) {
    select.replaceChildren(select.options[0], ...names.map((name) => new Option(name, name)));
    select.value = filter.agency;
  }
}

function showList(shown) {
  const ordered = [...shown].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const listed = ordered.slice(0, LONGEST_LIST);
  const keep = new Set(listed.map((vehicle) => vehicle.id));
  for (const [id, row] of rows) {
    if (!keep.has(id)) {
      row.remove();
      rows.delete(id);
    }
  }
  listed.forEach((vehicle, place) => {
    const row = rows.get(vehicle.id) ?? newRow(vehicle);
    paintRow(row, vehicle);
    if (by("list").children[place] !== row) by("list").insertBefore(row, by("list").children[place] ?? null);
  });
  by("total").textContent = vehicles.generatedAt ? shown.length : "";
  by("none").hidden = shown.length > 0 || !vehicles.generatedAt;
  by("more").hidden = ordered.length <= LONGEST_LIST;
  by("more").textContent = fill(words.more, { count: ordered.length - LONGEST_LIST });
}

function newRow(vehicle) {
  const row = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "vehicle";
  const disc = document.createElement("span");
  disc.append(Object.assign(new Image(14, 14), { src: icons[vehicle.kind] ?? "", alt: "" }));
  const text = document.createElement("span");
  for (const part of ["name", "line", "line state"]) {
    text.append(Object.assign(document.createElement("span"), { className: part }));
  }
  button.append(disc, text);
  button.addEventListener("click", () => {
    choose(vehicle.id, { fly: true });
    if (!button.checkVisibility()) by("detail-close").focus();
  });
  row.append(button);
  rows.set(vehicle.id, row);
  return row;
}

function paintRow(row, vehicle) {
  const button = row.firstChild;
  button.setAttribute("aria-pressed", String(vehicle.id === chosen));
  button.firstChild.className = `disc ${vehicle.kind}${vehicle.old ? " is-old" : ""}`;
  const [name, agency, state] = button.lastChild.children;
  setText(name, nameOf(vehicle));
  setText(agency, vehicle.agency);
  setText(state, stateLine(vehicle));
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showDetail(current) {
  const vehicle = current.find((one) => one.id === chosen);
  if (!vehicle && by("detail").contains(document.activeElement)) focusList();
  by("detail").hidden = !vehicle;
  if (!vehicle) return;
  by("detail-disc").className = `disc big ${vehicle.kind}${vehicle.old ? " is-old" : ""}`;
  const image = by("detail-disc").firstElementChild;
  if (image.getAttribute("src") !== icons[vehicle.kind]) image.src = icons[vehicle.kind];
  setText(by("detail-name"), nameOf(vehicle));
  setText(by("detail-agency"), vehicle.agency);
  setText(by("detail-state"), stateLine(vehicle));
}

function showFreshness() {
  const age = vehicles.generatedAt ? (vehicles.now() - vehicles.generatedAt) / 1000 : null;
  const outdated = age !== null && age > OUTDATED_S;
  by("fresh").classList.toggle("late", Boolean(vehicles.failure) || outdated);
  const sentence = vehicles.failure ? words[vehicles.failure] : outdated ? words.stopped : words.updated;
  // spoken when the kind of news changes, not every second
  by("fresh").setAttribute("aria-live", by("fresh").dataset.says === sentence ? "off" : "polite");
  by("fresh").dataset.says = sentence;
  setText(by("fresh-words"), fill(sentence, { ago: age === null ? "" : ago(Math.max(0, age)) }));
}

// ---- choosing -----------------------------------------------------------------------------------------------------

function choose(id, { fly = false } = {}) {
  chosen = id === chosen && !fly ? null : id;
  const vehicle = vehicles.all.find((one) => one.id === chosen);
  if (fly && vehicle && map) {
    setSheet(false);
    map.easeTo({ center: vehicle.at, zoom: Math.max(map.getZoom(), 13.5), offset: [0, -40] });
  }
  update();
}

/** Put the focus where the list can be read on: the chosen row, else what opens the list, else its title. */
function focusList() {
  const places = [rows.get(chosen)?.firstChild, by("sheet-toggle"), by("list-title")];
  places.find((place) => place?.checkVisibility())?.focus();
}

function closeTopmost() {
  if (by("sheet").classList.contains("open") && by("sheet-toggle").checkVisibility()) {
    setSheet(false);
    by("sheet-toggle").focus();
  } else if (chosen) {
    by("detail-close").click();
  }
}

function setSheet(open) {
  by("sheet").classList.toggle("open", open);
  const toggle = by("sheet-toggle");
  toggle.setAttribute("aria-expanded", String(open));
  toggle.textContent = open ? toggle.dataset.close : toggle.dataset.open;
}

function wireButtons() {
  by("sheet-toggle").addEventListener("click", () => setSheet(!by("sheet").classList.contains("open")));
  by("detail-close").addEventListener("click", () => {
    focusList();
    choose(null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeTopmost();
  });
}

// ---- map ----------------------------------------------------------------------------------------------------------

function fitOnce(shown) {
  const around = bounds(shown.map((vehicle) => vehicle.at));
  if (fitted || !map || !layer || !around) return;
  const narrow = map.getContainer().clientWidth < 700;
  const padding = narrow ? { top: 130, bottom: 60, left: 40, right: 40 } : 72;
  map.fitBounds(around, { padding, maxZoom: 14, animate: false });
  fitted = true;
}

async function addStations() {
  const response = await fetch("/public/stations.geojson");
  if (!response.ok) return; // the database is away; the map does without
  const { features } = await response.json();
  const marks = features.map(({ properties }) => feature({ type: "Point", coordinates: properties.centre }, properties));
  map.addSource("stations", { type: "geojson", data: collection(marks) });
  map.addSource("station-areas", {
    type: "geojson", data: collection(features.filter(({ geometry }) => geometry.type === "MultiPolygon")),
  });
  map.addLayer(
    {
      id: "station-areas", type: "line", source: "station-areas",
      paint: { "line-color": "#7d8b90", "line-width": 1.5 },
    },
    "chosen",
  );
  map.addLayer(
    {
      id: "stations", type: "circle", source: "stations",
      paint: { "circle-radius": 4, "circle-color": "#ffffff", "circle-stroke-width": 1.5, "circle-stroke-color": "#7d8b90" },
    },
    "chosen",
  );
  map.addLayer(
    {
      id: "station-names", type: "symbol", source: "stations", minzoom: 10,
      layout: { "text-field": ["get", "name"], "text-size": 12, "text-offset": [0, 1.7], "text-anchor": "top",
        "text-max-width": 9, "text-optional": true },
      paint: { "text-color": "#4a5b62", "text-halo-color": "#ffffff", "text-halo-width": 1.5 },
    },
    "chosen",
  );
}

function startMap() {
  map = openMap("map", { hash: "map", words: words.map });
  if (!map) {
    by("no-map").hidden = false;
    setSheet(true);
    return;
  }
  map.once("load", async () => {
    const fresh = new VehicleLayer(map, icons);
    await fresh.add((id) => choose(id));
    layer = fresh;
    update();
    by("map").dataset.ready = "yes";
    await Promise.all([addStations(), drawBoundaries(map)]);
  });
}

wireFilter();
wireButtons();
startMap();
vehicles.start();
setInterval(() => document.hidden || tick(), TICK_MS);
