// The vehicles citizens may see: fetched every few seconds while somebody looks, aged by the server's clock.
const ADDRESS = "/public/vehicles.geojson";
const PERIOD_MS = 5000;

export class Vehicles {
  constructor(onChange) {
    this.all = [];
    this.generatedAt = null;
    this.failure = null; // null | "offline" | "waiting"
    this.onChange = onChange;
    this.clockAhead = 0; // ms that this browser's clock is behind the server's
    this.etag = null;
  }

  start() {
    const follow = () => {
      clearTimeout(this.timer);
      if (!document.hidden) this.poll();
    };
    document.addEventListener("visibilitychange", follow);
    follow();
  }

  async poll() {
    clearTimeout(this.timer);
    try {
      // the browser sends If-None-Match by itself and gives the stored body on 304
      const response = await fetch(ADDRESS, { cache: "no-cache" });
      await this.read(response);
    } catch {
      this.fail("offline");
    }
    if (!document.hidden) this.timer = setTimeout(() => this.poll(), PERIOD_MS);
  }

  async read(response) {
    this.clockAhead = Date.parse(response.headers.get("Date")) - Date.now() || 0;
    if (!response.ok) return this.fail("waiting");
    const etag = response.headers.get("ETag");
    if (etag && etag === this.etag && !this.failure) return;
    const snapshot = await response.json();
    this.etag = etag;
    this.failure = null;
    this.generatedAt = Date.parse(snapshot.generated_at);
    this.all = snapshot.features.map(({ id, geometry, properties }) => ({
      ...properties,
      id: String(id),
      at: geometry.coordinates,
      fixTime: Date.parse(properties.fix_time),
    }));
    this.onChange();
  }

  fail(failure) {
    this.failure = failure;
    this.onChange();
  }

  now() {
    return Date.now() + this.clockAhead;
  }

  age(vehicle) {
    return Math.max(0, (this.now() - vehicle.fixTime) / 1000);
  }

  /** Those that are not stale, with `old` set where the position is. */
  current() {
    return this.all
      .filter((vehicle) => this.age(vehicle) <= vehicle.stale_after_s)
      .map((vehicle) => ({ ...vehicle, old: this.age(vehicle) > vehicle.old_after_s }));
  }
}

/** The part of the public id that people read; it says nothing about the vehicle. */
export function shortName(vehicle) {
  return vehicle.id.slice(0, 4).toUpperCase();
}
