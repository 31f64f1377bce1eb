// Plain JavaScript that an older Node can read as well, to say what is wrong instead of failing on newer syntax.
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 26;
const EXIT_UNAVAILABLE = 69; // EX_UNAVAILABLE of sysexits.h

const major = Number.parseInt(process.versions.node, 10);

if (major < NODE_MAJOR_MIN) {
  process.stderr.write(
    `Frontrow needs Node ${NODE_MAJOR_MIN}; this is Node ${process.versions.node}.\n` +
      `Start it with \`npm start\`: the package "node" brings Node ${NODE_MAJOR_MIN}. If that is what you did, the package's\n` +
      'install script did not run. Do one of these:\n' +
      '  npm rebuild node    runs the script now (needs install scripts: no --ignore-scripts)\n' +
      '  npm ci              with install scripts allowed\n' +
      `  install Node ${NODE_MAJOR_MIN} or newer yourself\n`,
  );
  process.exitCode = EXIT_UNAVAILABLE;
} else {
  // What was compiled once is read at the next start: half a second sooner, and 20 MB less. Within the project, because
  // others may write into the folder for temporary files. Where it cannot be written to, it is done without.
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
  await import('../server/src/main.ts');
}
