// What programs in JavaScript do with @kubernetes/client-node, against a berthd: objects, an informer, logs, exec, port-forward.
//   node client_node.mjs CLIENT_FOLDER KUBECONFIG NAMESPACE MANIFEST
// CLIENT_FOLDER holds node_modules. MANIFEST (JSON) is an environment with a service "web" that answers HTTP on 8080 with "hello".
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const [folder, kubeconfig, namespace, manifest] = process.argv.slice(2);
const k8s = await import(pathToFileURL(createRequire(`${folder}/`).resolve('@kubernetes/client-node')));
const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);
const api = config.makeApiClient(k8s.CustomObjectsApi);
const core = config.makeApiClient(k8s.CoreV1Api);
const kind = { group: 'berth.dev', version: 'v1alpha1', namespace, plural: 'testenvironments' };
const path = `/apis/berth.dev/v1alpha1/namespaces/${namespace}/testenvironments`;

const within = (seconds, what, promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${seconds} s: ${what}`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
const ok = (what) => console.log(`-- ok: ${what}`);
const collected = () => {
  const chunks = [];
  const stream = new Writable({ write(chunk, _, done) { chunks.push(chunk); done(); } });
  return { stream, text: () => Buffer.concat(chunks).toString() };
};

const seen = [];
let wake = () => {};
const until = async (what, test) => {
  await within(60, what, (async () => {
    while (!test()) await new Promise((resolve) => { wake = resolve; });
  })());
  ok(what);
};
const informer = k8s.makeInformer(config, path, () => api.listNamespacedCustomObject(kind));
for (const verb of ['add', 'update', 'delete']) {
  informer.on(verb, (object) => { seen.push({ verb, object }); wake(); });
}
const broken = (error) => { console.error(error); process.exit(1); };
informer.on('error', broken);
await informer.start();
ok('an informer starts');

const body = JSON.parse(readFileSync(manifest));
const name = body.metadata.name;
const created = await api.createNamespacedCustomObject({ ...kind, body });
assert.equal(created.metadata.name, name);
await until('the informer sees it added', () => seen.some((e) => e.verb === 'add' && e.object.metadata.name === name));
await until('the informer sees it become Ready', () => seen.some((e) => e.verb === 'update' && e.object.status?.phase === 'Ready'));

await assert.rejects(api.createNamespacedCustomObject({ ...kind, body }), (error) => error.code === 409);
ok('a second one of the name is a 409');
await assert.rejects(api.getNamespacedCustomObject({ ...kind, name: 'nope' }), (error) => error.code === 404);
ok('one that is missing is a 404');

const objects = k8s.KubernetesObjectApi.makeApiClient(config);
const patched = await objects.patch(
  { apiVersion: 'berth.dev/v1alpha1', kind: 'TestEnvironment', metadata: { name, namespace, annotations: { from: 'node' } } },
  undefined, undefined, 'client-node', undefined, k8s.PatchStrategy.MergePatch);
assert.equal(patched.metadata.annotations.from, 'node');
ok('an object is patched');

const pods = await core.listNamespacedPod({ namespace });
const pod = `${name}.web`;
assert.ok(pods.items.some((item) => item.metadata.name === pod && item.status.phase === 'Running'));
ok('its containers are pods');
assert.match(await core.readNamespacedPodLog({ name: pod, namespace }), /started/);
ok('a log is read');

{
  const out = collected();
  const errors = collected();
  const status = await within(30, 'exec', new Promise((resolve, reject) => {
    new k8s.Exec(config).exec(namespace, pod, 'web', ['sh', '-c', 'cat; echo oops >&2; exit 4'], out.stream, errors.stream,
      (() => { const input = new PassThrough(); input.end('through\n'); return input; })(), false, resolve).catch(reject);
  }));
  assert.equal(out.text(), 'through\n');
  assert.equal(errors.text(), 'oops\n');
  assert.equal(status.status, 'Failure');
  assert.equal(status.details.causes.find((cause) => cause.reason === 'ExitCode').message, '4');
  ok('exec has input, both outputs and the exit status');
}
{
  const forward = new k8s.PortForward(config);
  const server = net.createServer((socket) => forward.portForward(namespace, pod, [8080], socket, null, socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await within(20, 'port-forward', fetch(`http://127.0.0.1:${server.address().port}/`).then((r) => r.text()));
  assert.match(answer, /hello/);
  server.close();
  ok('a port is forwarded');
}

await api.deleteNamespacedCustomObject({ ...kind, name });
await until('the informer sees it deleted', () => seen.some((e) => e.verb === 'delete' && e.object.metadata.name === name));
informer.off('error', broken);  // its own end is told as one
await informer.stop();
process.exit(0);
