/**
 * The map of a performance's seats at one moment, in the forms in which it is sent: JSON for people, two bits a
 * seat for programs, each as it is or in gzip. A form is made when somebody asks for it, once, for everybody.
 * docs/seat-map.md has the forms byte by byte.
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { FREE, type SeatState, stateFrom } from './board.ts';

export const SEAT_MAP_TYPE = 'application/vnd.frontrow.seat-map';

export type MapType = 'json' | 'binary';
export interface MapForm {
  readonly type: MapType;
  readonly gzip: boolean;
}

export interface SeatMapContent {
  readonly performanceId: number;
  /** Names the content. */
  readonly version: string;
  readonly seatCount: number;
  readonly remaining: number;
  /** Two bits for each seat, seat 1 in the lowest bits of the first byte. */
  readonly packed: Uint8Array;
}

const MAGIC = 'FRSM';
const FORMAT = 1;
const FIXED_HEADER_BYTES = 20;

// 100,000 seats, half of them taken at random: 294 KB of JSON become 110 KB in 8 ms, and 25 KB of bits 8 KB in 1 ms,
// on another thread; this one is held for less than 0.1 ms. Level 6 takes longer and gains nothing. At level 1, on
// this thread, it would be held for 3 ms.
const GZIP_LEVEL = 4;
const gzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip);

export class SeatMap {
  readonly content: SeatMapContent;
  readonly #plain = new Map<MapType, Buffer>();
  readonly #zipped = new Map<MapType, Buffer>();
  readonly #zipping = new Map<MapType, Promise<Buffer>>();

  constructor(content: SeatMapContent) {
    this.content = content;
  }

  /** Strong: equal tags mean equal bytes. With its quotes. */
  etag({ type, gzip: isZipped }: MapForm): string {
    return `"${this.content.version}.${type}${isZipped ? '.gzip' : ''}"`;
  }

  /** Shared by all who ask: to be sent, not to be written to. */
  async bytes({ type, gzip: isZipped }: MapForm): Promise<Buffer> {
    // Whoever comes while it is being zipped waits those milliseconds rather than be sent four times as much.
    return isZipped ? this.#zip(type) : this.#write(type);
  }

  /** The same, unless it is being zipped. */
  bytesAtHand({ type, gzip: isZipped }: MapForm): Buffer | undefined {
    return isZipped ? this.#zipped.get(type) : this.#write(type);
  }

  #write(type: MapType): Buffer {
    const bytes = this.#plain.get(type) ?? (type === 'json' ? toJson(this.content) : toBinary(this.content));
    this.#plain.set(type, bytes);
    return bytes;
  }

  #zip(type: MapType): Promise<Buffer> {
    const underWay = this.#zipping.get(type);
    if (underWay !== undefined) return underWay;
    const zipping = gzip(this.#write(type), { level: GZIP_LEVEL });
    this.#zipping.set(type, zipping);
    zipping.then(
      (bytes) => this.#zipped.set(type, bytes),
      () => this.#zipping.delete(type),
    );
    return zipping;
  }
}

export function stateIn({ packed }: Pick<SeatMapContent, 'packed'>, seatNo: number): SeatState {
  const at = seatNo - 1;
  return stateFrom(((packed[at >> 2] ?? 0) >> ((at & 3) * 2)) & 3);
}

/** Ascending. */
function freeSeats(content: SeatMapContent): number[] {
  const seatNos: number[] = [];
  for (let seatNo = 1; seatNo <= content.seatCount; seatNo++) {
    if (stateIn(content, seatNo) === FREE) seatNos.push(seatNo);
  }
  return seatNos;
}

function toJson(content: SeatMapContent): Buffer {
  const { performanceId, version, remaining } = content;
  return Buffer.from(JSON.stringify({ performanceId, version, remaining, seats: freeSeats(content) }));
}

function toBinary({ performanceId, version, seatCount, remaining, packed }: SeatMapContent): Buffer {
  // Filled up to a multiple of four, so that the seats may be read as words.
  const headerBytes = Math.ceil((FIXED_HEADER_BYTES + version.length) / 4) * 4;
  const bytes = Buffer.alloc(headerBytes + packed.length);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt16LE(FORMAT, 4);
  bytes.writeUInt16LE(headerBytes, 6);
  bytes.writeUInt32LE(performanceId, 8);
  bytes.writeUInt32LE(seatCount, 12);
  bytes.writeUInt32LE(remaining, 16);
  bytes.write(version, FIXED_HEADER_BYTES, 'latin1');
  bytes.set(packed, headerBytes);
  return bytes;
}
