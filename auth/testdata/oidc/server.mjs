// OpenID Connect providers that others wrote, as the tests of sign-in use them: node server.mjs FOLDER, where FOLDER has
// node_modules/oidc-provider. Each line of standard input is JSON and asks for one provider; when that listens, a line of standard output
// says where, as JSON too. All end with the standard input.
import { createServer } from 'node:http';
import { createServer as createTLSServer } from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

console.info = console.log = console.error; // standard output is for answers
const require = createRequire(pathToFileURL(join(process.argv[2], 'package.json')));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const listen = (server) => new Promise((done, failed) => {
  server.on('error', failed).listen(0, '127.0.0.1', () => done(server.address().port));
});

// start makes a provider of its own. With tls ({key, cert, ca}) it has a second port beside, which asks for client certificates and
// stands in the discovery document.
async function start({ clients, accessSeconds = 3600, deviceInterval, tls }) {
  const server = tls ? createTLSServer(tls) : createServer();
  const issuer = `${tls ? 'https' : 'http'}://127.0.0.1:${await listen(server)}`;
  const servers = [server];
  const discovery = {};
  let mutual;
  if (tls) {
    servers.push(createTLSServer({ ...tls, requestCert: true, rejectUnauthorized: false }));
    mutual = `https://127.0.0.1:${await listen(servers[1])}`;
    discovery.mtls_endpoint_aliases = { token_endpoint: `${mutual}/token`, revocation_endpoint: `${mutual}/token/revocation` };
  }
  const provider = new Provider(issuer, configuration({ clients, accessSeconds, discovery }));
  provider.use(besides(provider, deviceInterval));
  provider.on('server_error', (ctx, err) => console.error(err.stack));
  servers.forEach((s) => s.on('request', provider.callback()));
  return { issuer, mutual };
}

const certificateOf = (ctx) => ctx.socket.getPeerX509Certificate?.();

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];

function configuration({ clients, accessSeconds, discovery }) {
  return {
    clients,
    discovery,
    scopes: ['openid', 'offline_access', 'api'],
    clientAuthMethods: [
      'client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none',
    ],
    enabledJWA: { clientAuthSigningAlgValues: algorithms },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        selfSignedTlsClientAuth: true,
        certificateBoundAccessTokens: true,
        getCertificate: certificateOf,
        certificateAuthorized: (ctx) => ctx.socket.authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === 'tls_client_auth_subject_dn' && certificateOf(ctx).subject === expected,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx) => ctx.oidc.body?.audience, // some servers call it so
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource) => ({ scope: 'api', audience: resource, accessTokenFormat: 'opaque' }),
      },
    },
    cookies: { keys: ['only for tests'] },
    issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: {
      AccessToken: accessSeconds, ClientCredentials: accessSeconds, RefreshToken: 86400, Grant: 86400, Session: 3600,
      Interaction: 600, DeviceCode: 600, IdToken: 600, AuthorizationCode: 60,
    },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  };
}

// besides gives what the provider has not: at /api an API that says whose token came and takes no other, at /asked how many token
// requests there were, and a pause between two questions of a device that is shorter than the usual one.
function besides(provider, deviceInterval) {
  let asked = 0;
  return async (ctx, next) => {
    switch (ctx.path) {
      case '/asked':
        ctx.body = String(asked);
        return;
      case '/api':
        await serve(provider, ctx);
        return;
      case '/token':
        asked += 1;
    }
    await next();
    if (ctx.path === '/device/auth' && ctx.status === 200 && deviceInterval) ctx.body.interval = deviceInterval;
  };
}

async function serve(provider, ctx) {
  const [scheme, text] = ctx.get('authorization').split(' ');
  const token = (await provider.AccessToken.find(text)) ?? (await provider.ClientCredentials.find(text));
  const bound = token?.['x5t#S256'];
  if (scheme !== 'Bearer' || !token?.isValid || (bound && bound !== thumbprint(certificateOf(ctx)))) {
    ctx.status = 401;
    return;
  }
  ctx.body = {
    client: token.clientId, account: token.accountId, audience: [token.aud ?? []].flat(), scope: token.scope, bound: Boolean(bound),
  };
}

function thumbprint(certificate) {
  return certificate && Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await start(JSON.parse(line)))}\n`);
}
process.exit(0);
