// An OpenID Connect provider that others wrote, as the tests of sign-in use it: node server.mjs FOLDER, where FOLDER has
// node_modules/oidc-provider. What it needs to know comes as JSON on standard input; when it listens it writes its issuer as one
// line to standard output. It ends with its standard input.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.argv[2];
const require = createRequire(pathToFileURL(join(folder, 'package.json')));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

process.stdin.setEncoding('utf8');
let input = '';
for await (const chunk of process.stdin) {
  input += chunk;
  if (input.includes('\n')) break;
}
const { clients, accessSeconds = 3600, rotate = true, jwks } = JSON.parse(input);
process.stdin.on('end', () => process.exit(0)).resume();

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients,
    jwks,
    claims: { openid: ['sub'] },
    scopes: ['openid', 'offline_access', 'api'],
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (ctx, resource) => ({ scope: 'api', audience: resource, accessTokenFormat: 'opaque' }),
      },
    },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    cookies: { keys: ['only for tests'] },
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: rotate,
    ttl: {
      AccessToken: accessSeconds, ClientCredentials: accessSeconds, RefreshToken: 86400, Grant: 86400, Session: 3600,
      Interaction: 600, DeviceCode: 600, IdToken: 600, AuthorizationCode: 60,
    },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  });
  // The API that tokens are for: it says whose token came, and takes no other.
  provider.use(async (ctx, next) => {
    if (ctx.path !== '/api') return next();
    const [, text] = (ctx.get('authorization') || '').split(' ');
    const token = (await provider.AccessToken.find(text)) ?? (await provider.ClientCredentials.find(text));
    if (!token?.isValid) {
      ctx.status = 401;
      return;
    }
    ctx.body = { client: token.clientId, account: token.accountId ?? null, audience: token.aud ?? null, scope: token.scope ?? null };
  });
  provider.on('server_error', (ctx, err) => process.stderr.write(`${err.stack}\n`));
  server.on('request', provider.callback());
  process.stdout.write(`${issuer}\n`);
});
