// node-soap, as the tests of the kind soap call it: node server.mjs FOLDER, where FOLDER has it in its node_modules. It writes its
// address, and ends with the standard input.
//
//   /orders11, /orders12   ../wsdl/orders.wsdl in SOAP 1.1 and 1.2; `seen` in an answer is what the server understood, as JSON
//   /secure                the same in SOAP 1.1 for who sends a UsernameToken of "clerk" with the password "sesame", as text or as a
//                          digest with a nonce that is new, and a Timestamp that has not expired
//
// Order 404 cannot be cancelled, which is a fault with a detail.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [, , folder] = process.argv;
const soap = createRequire(pathToFileURL(join(folder, 'package.json')))('soap');
const file = join(dirname(fileURLToPath(import.meta.url)), '..', 'wsdl', 'orders.wsdl');

const listOf = (value) => (value === undefined ? [] : [].concat(value));
const textOf = (value) => (value && typeof value === 'object' ? value.$value : value);

const operations = {
  PlaceOrder({ order }) {
    // node-soap writes the attribute xsi:type again without the declarations of its prefixes.
    const declared = { 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance', 'xmlns:p': 'http://example.com/parties', 'xsi:type': 'p:Person' };
    if (order.comment !== 'undeclared') order.customer.attributes = declared;
    const total = listOf(order.line).reduce((sum, line) => sum + Number(textOf(line.price)), 0);
    return { order, total: { attributes: { currency: 'EUR' }, $value: total.toFixed(2) }, seen: JSON.stringify(order) };
  },
  ListCategories({ root }) {
    const walk = (category) => [category.name, ...listOf(category.category).flatMap(walk)];
    return { name: walk(root), root };
  },
  CancelOrder({ number }) {
    const twelve = this === 'Orders12';
    const detail = { OrderFault: { attributes: { xmlns: 'http://example.com/orders' }, code: 17, field: ['number', 'order'] } };
    if (number !== '404') throw new Error('too late for ' + number);
    throw twelve
      ? { Fault: { Code: { Value: 'soap:Sender', Subcode: { attributes: { 'xmlns:x': 'urn:example:codes' }, Value: 'x:NoOrder' } }, Reason: { Text: 'there is no order 404' }, Detail: detail } }
      : { Fault: { faultcode: 'soap:Client', faultstring: 'there is no order 404', detail } };
  },
  Notify() {},
};

// An address that no port has is taken for that of the last port, so each has the operations.
const bound = (port) => Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, (...args) => run.apply(port, args)]));
const servicesOf = (port) => ({ OrderService: { Orders11: bound(port), Orders12: bound(port) } });

const nonces = new Set();

// mayPass checks WS-Security (OASIS UsernameToken Profile 1.1, section 3.1).
function mayPass(security) {
  const token = security?.UsernameToken;
  const stamp = security?.Timestamp;
  if (!token || token.Username !== 'clerk' || !stamp || !(new Date(stamp.Expires) > new Date())) return false;
  const { $value: given, attributes } = token.Password;
  if (attributes.Type.endsWith('#PasswordText')) return given === 'sesame';
  const nonce = textOf(token.Nonce);
  if (nonces.has(nonce)) return false;
  nonces.add(nonce);
  const created = textOf(token.Created);
  const want = createHash('sha1').update(Buffer.concat([Buffer.from(nonce, 'base64'), Buffer.from(created + 'sesame')])).digest('base64');
  return given === want;
}

const server = createServer((_, response) => response.writeHead(404).end());
const options = { returnFault: true, oneWay: { responseCode: 202, emptyBody: true }, suppressStack: true };

function listen(path, port, settings) {
  return new Promise((done, fail) => {
    const at = soap.listen(server, { ...options, ...settings, path, xml: readFileSync(file, 'utf8'), uri: file, services: servicesOf(port), callback: (err) => (err ? fail(err) : done()) });
    if (path === '/secure') at.authenticate = mayPass;
  });
}

await listen('/orders11', 'Orders11', {});
await listen('/orders12', 'Orders12', { forceSoap12Headers: true });
await listen('/secure', 'Orders11', {});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
