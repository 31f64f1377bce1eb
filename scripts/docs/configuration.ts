/** docs/configuration.md and .env.example, from the table of settings. */
import type { Setting } from '../../server/src/config/setting.ts';
import { GROUPS, settings } from '../../server/src/config/settings.ts';

type Named = readonly [name: string, setting: Setting];

/** One table for each group, in the order of the groups. */
export function settingsTables(): string {
  return groups()
    .map(([title, members]) => {
      const rows = members.map(([name, setting]) => row(name, setting));
      return [
        `### ${title}`,
        '',
        '| setting | default | must be | what it decides |',
        '|---|---|---|---|',
        ...rows,
      ].join('\n');
    })
    .join('\n\n');
}

/** Every setting with its default, each commented out. */
export function envExample(): string {
  const parts = groups().map(([title, members]) => {
    const entries = members.map(([name, setting]) => {
      const unit = setting.unit === null ? '' : ` (${setting.unit})`;
      const comment = wrapped(`${withoutCode(setting.description)} Must be ${setting.mustBe}${unit}.`);
      return `${comment}\n#${name}=${defaultText(setting)}`;
    });
    return [`# --- ${title} ---`, ...entries].join('\n\n');
  });
  const head =
    '# Every setting and its default. Written by `npm run write-docs`; docs/configuration.md says more.';
  return `${[head, ...parts].join('\n\n')}\n`;
}

function groups(): [title: string, members: Named[]][] {
  const all: Named[] = Object.entries(settings);
  return Object.values(GROUPS).map((title) => [title, all.filter(([, setting]) => setting.group === title)]);
}

function row(name: string, setting: Setting): string {
  const text = defaultText(setting);
  const unit = setting.unit === null ? '' : ` ${setting.unit}`;
  const value = text === '' ? 'unset' : `\`${text}\`${unit}`;
  const secret = setting.secret ? ' **Secret.**' : '';
  return `| ${[`\`${name}\``, value, setting.mustBe, `${setting.description}${secret}`].map(cell).join(' | ')} |`;
}

function defaultText({ default: value }: Setting): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function withoutCode(text: string): string {
  return text.replaceAll('`', '');
}

/** Comment lines of at most 100 characters. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 100) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines.join('\n');
}
