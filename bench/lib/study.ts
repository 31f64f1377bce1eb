/** A study: a page in docs/studies with its charts, made by one command; with --quick only shown. */
import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { barChart, type BarChart } from './chart.ts';
import { inDigits } from './figures.ts';

const FOLDER = new URL('../../docs/studies/', import.meta.url);

export interface StudyPage {
  readonly text: string;
  /** By the names of their files, without `.svg`. */
  readonly charts: Readonly<Record<string, BarChart>>;
}

/** Whether the command was called with `--quick`; anything else is refused. */
export function isQuick(): boolean {
  return parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values.quick;
}

/** What else the machine was doing: to be asked before anything is measured. */
export function loadBefore(): string {
  return `load average of the machine before it began: ${inDigits(loadavg()[0] ?? 0, 1)}`;
}

/** Shows the page; writes it and its charts when it is of the full size. */
export async function publish(name: string, { text, charts }: StudyPage, quick: boolean): Promise<void> {
  process.stdout.write(text);
  const drawn = Object.entries(charts).map(([file, chart]) => [`${file}.svg`, barChart(chart)] as const);
  if (quick) return;
  await mkdir(FOLDER, { recursive: true });
  for (const [file, content] of [[`${name}.md`, text] as const, ...drawn]) {
    await writeFile(new URL(file, FOLDER), content);
  }
}

export function image(file: string, { title }: BarChart): string {
  return `![${title}](${file}.svg)`;
}

/** How one time stands to another, such as `0.25`: true whichever is the longer one. */
export function ratio(of: number, to: number): string {
  return inDigits(of / to, 2);
}
