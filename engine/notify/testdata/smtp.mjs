// A server of mail that others wrote, as the tests of notices use it: node smtp.mjs FOLDER OUT, where FOLDER has smtp-server in its
// node_modules, and OUT has cert.pem and key.pem. It writes its ports as JSON, and ends with the standard input. Each mail that it
// takes is a file in OUT.
//
//   starttls   wants STARTTLS and a sign-in with PLAIN
//   tls        speaks TLS from the first byte on, and wants a sign-in with PLAIN
//   login      wants STARTTLS and a sign-in with LOGIN
//   plain      offers no STARTTLS, and takes mail of anybody
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , folder, out] = process.argv;
const require = createRequire(pathToFileURL(join(folder, 'package.json')));
const { SMTPServer } = require('smtp-server');

const shared = {
  key: readFileSync(join(out, 'key.pem')), cert: readFileSync(join(out, 'cert.pem')), disableReverseLookup: true,
  onAuth: (auth, _, done) => (auth.username === 'snrun' && auth.password === 'pass-word-4711'
    ? done(null, { user: auth.username }) : done(new Error(`Invalid login of ${auth.username} with ${auth.password}`))),
  onRcptTo: (address, _, done) => (address.address.startsWith('nobody') ? done(Object.assign(new Error('no such mailbox'), { responseCode: 550 })) : done()),
};
let count = 0;
const onData = (stream, session, done) => {
  const parts = [];
  stream.on('data', (part) => parts.push(part)).on('end', () => {
    const { mailFrom, rcptTo } = session.envelope;
    writeFileSync(join(out, `mail-${++count}.json`), JSON.stringify({
      from: mailFrom.address, to: rcptTo.map((a) => a.address), user: session.user || '', secure: session.secure, text: Buffer.concat(parts).toString(),
    }));
    done();
  });
};
const servers = {
  starttls: { authMethods: ['PLAIN'] }, tls: { secure: true, authMethods: ['PLAIN'] }, login: { authMethods: ['LOGIN'] },
  plain: { disabledCommands: ['STARTTLS', 'AUTH'] },
};
const ports = {};
for (const [name, options] of Object.entries(servers)) {
  const server = new SMTPServer({ ...shared, ...options, onData });
  server.on('error', () => {}); // clients that give up
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  ports[name] = server.server.address().port;
}
console.log(JSON.stringify(ports));
process.stdin.on('end', () => process.exit()).resume();
