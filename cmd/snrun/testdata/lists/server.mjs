// Servers that others wrote, as the tests of pages and limits use them: node server.mjs FOLDER COUNT, where FOLDER has json-server
// and express-rate-limit in its node_modules. It writes its address, and ends with the standard input.
//
//   /items                a list of so many items, by json-server
//   /limited/DRAFT/ID     five answers a second, by express-rate-limit, which tells what is left as that draft of the standard has it
//   /refused/DRAFT        how many were refused
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , folder, count] = process.argv;
const require = createRequire(pathToFileURL(join(folder, 'package.json')));
const lists = require('json-server');
const { rateLimit } = require('express-rate-limit');

const app = lists.create();
const refused = {};
for (const draft of ['legacy', 'draft-6', 'draft-7', 'draft-8']) {
  refused[draft] = 0;
  const limit = rateLimit({
    windowMs: 1000, limit: 5, standardHeaders: draft === 'legacy' ? false : draft, legacyHeaders: draft === 'legacy',
    handler: (_, res) => { refused[draft]++; res.status(429).send('too many'); },
  });
  app.get(`/limited/${draft}/:id`, limit, (req, res) => res.json({ id: req.params.id }));
}
app.get('/refused/:draft', (req, res) => res.json(refused[req.params.draft]));

const items = Array.from({ length: Number(count) }, (_, i) => ({ id: i + 1, name: `item ${i + 1}` }));
app.use(lists.defaults({ logger: false, static: folder }), lists.router({ items }));
const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
