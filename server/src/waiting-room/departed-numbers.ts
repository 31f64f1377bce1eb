/**
 * Who left the line of a room while waiting: one bit for each number, from the head on. A million people in line are
 * 125 KB, whether nobody left or everybody.
 *
 * How many left between two numbers is asked with every poll, and changes a few times a second at most. So the
 * bits before each block are counted once after a change, some 30 µs for a million numbers, and an answer is a
 * subtraction and the bits of two blocks. A tree of counts would change in no time and answer in twenty steps.
 */
import assert from 'node:assert/strict';

export interface Departed {
  has(number: number): boolean;
  /** How many of the numbers after `head` and before `number` left. */
  countBetween(head: number, number: number): number;
}

const WORD_BITS = 32;
const BLOCK_WORDS = 16;
const BLOCK_BITS = WORD_BITS * BLOCK_WORDS;

export class DepartedNumbers implements Departed {
  /** The number of the first bit, a multiple of the block's size. Those before it are forgotten. */
  #base = 0;
  #highest = 0;
  #words = new Uint32Array(BLOCK_WORDS);
  /** How many bits are set before each block, and at last in all of them. */
  #before = new Uint32Array(2);
  #isCounted = true;

  get byteLength(): number {
    return this.#words.byteLength + this.#before.byteLength;
  }

  /** A number that is forgotten already is none of those that are asked about. */
  add(number: number): void {
    assert(Number.isSafeInteger(number) && number > 0, `${number} is no number of a line`);
    const at = number - this.#base;
    if (at < 0) return;
    if (at >= this.#bits) this.#resize(Math.max(at + 1, 2 * this.#bits), 0);
    const word = Math.floor(at / WORD_BITS);
    this.#words[word] = this.#wordAt(word) | (1 << (at % WORD_BITS));
    this.#highest = Math.max(this.#highest, number);
    this.#isCounted = false;
  }

  has(number: number): boolean {
    const at = number - this.#base;
    if (at < 0 || at >= this.#bits) return false;
    return (this.#wordAt(Math.floor(at / WORD_BITS)) & (1 << (at % WORD_BITS))) !== 0;
  }

  countBetween(head: number, number: number): number {
    return number - head > 1 ? this.#countBefore(number) - this.#countBefore(head + 1) : 0;
  }

  /** Nobody asks about these any more. Memory is given back in large steps, so that it costs next to nothing. */
  forgetUpTo(head: number): void {
    const blocks = Math.floor((head + 1 - this.#base) / BLOCK_BITS);
    if (blocks > 0 && 2 * blocks * BLOCK_BITS >= this.#bits) {
      const base = this.#base + blocks * BLOCK_BITS;
      this.#resize(Math.max(1, this.#highest + 1 - base), blocks);
      this.#base = base;
    }
  }

  get #bits(): number {
    return this.#words.length * WORD_BITS;
  }

  #wordAt(word: number): number {
    return this.#words[word] ?? 0;
  }

  /** Room for so many bits, without the first blocks. */
  #resize(bits: number, withoutBlocks: number): void {
    const blocks = Math.ceil(bits / BLOCK_BITS);
    const words = new Uint32Array(blocks * BLOCK_WORDS);
    const from = withoutBlocks * BLOCK_WORDS;
    words.set(this.#words.subarray(from, from + words.length));
    this.#words = words;
    this.#before = new Uint32Array(blocks + 1);
    this.#isCounted = false;
  }

  #countBefore(number: number): number {
    if (!this.#isCounted) this.#count();
    const at = Math.min(Math.max(0, number - this.#base), this.#bits);
    const block = Math.floor(at / BLOCK_BITS);
    const word = Math.floor(at / WORD_BITS);
    let count = this.#before[block] ?? 0;
    for (let each = block * BLOCK_WORDS; each < word; each++) count += bitsOf(this.#wordAt(each));
    return count + bitsOf(this.#wordAt(word) & ((1 << (at % WORD_BITS)) - 1));
  }

  #count(): void {
    let count = 0;
    for (const [word, bits] of this.#words.entries()) {
      if (word % BLOCK_WORDS === 0) this.#before[word / BLOCK_WORDS] = count;
      count += bitsOf(bits);
    }
    this.#before[this.#before.length - 1] = count;
    this.#isCounted = true;
  }
}

/** How many bits of a word are set: added up in pairs, fours and eights, then all at once. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
