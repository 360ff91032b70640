import { expect, test } from "vitest";
import { parseUnmanaged } from "../src/parse-unmanaged.ts";

/** As kube-apiserver writes them: their keys hold keys, names and values of the object. */
const managedBy = (manager: string, keys: readonly string[]) => ({
  manager,
  operation: "Update",
  apiVersion: "v1",
  time: "2026-12-01T10:00:00Z",
  fieldsType: "FieldsV1",
  fieldsV1: { "f:metadata": { "f:labels": { ".": {}, ...Object.fromEntries(keys.map((key) => [key, {}])) } } },
  subresource: "status",
});

const pod = (name: string, keys: readonly string[] = ["f:app"]) => ({
  kind: "Pod",
  apiVersion: "v1",
  metadata: { name, uid: `uid-${name}`, managedFields: [managedBy("kubelet", keys), managedBy("other", keys)] },
  spec: { containers: [{ name: "runner", args: ["]", '"managedFields":[', ',"managedFields":[]'] }] },
  status: { conditions: [{ type: "Ready" }] },
});

const unmanaged = ({ metadata: { managedFields: _dropped, ...metadata }, ...rest }: ReturnType<typeof pod>) => ({
  ...rest,
  metadata,
});

test("leaves out who set which field, and nothing else", () => {
  expect(parseUnmanaged(JSON.stringify({ type: "ADDED", object: pod("a") }))).toEqual({
    type: "ADDED",
    object: unmanaged(pod("a")),
  });
  const list = { kind: "PodList", metadata: { resourceVersion: "7" }, items: [pod("a"), pod("b"), pod("c")] };
  expect(parseUnmanaged(JSON.stringify(list))).toEqual({ ...list, items: list.items.map(unmanaged) });
  const without = unmanaged(pod("a"));
  expect(parseUnmanaged(JSON.stringify(without))).toEqual(without);
  expect(parseUnmanaged('{"metadata":{"name":"a","managedFields":[]}}')).toEqual({ metadata: { name: "a" } });
});

test("keys that look like the end of the list cost no more than the cut", () => {
  const keys = [
    'k:{"name":"a]"}',
    'k:{"name":"a]},\\"spec\\":"}',
    "f:a]},",
    'v:"]}"',
    "]",
    '"],"',
    "f:]}}",
    '],"x":[',
    '","managedFields":[',
  ];
  for (const key of keys) {
    for (const among of [[key], ["f:first", key], [key, "f:last"], keys]) {
      const found = parseUnmanaged(JSON.stringify({ type: "MODIFIED", object: pod("a", among) }));
      const { object } = found as { object: ReturnType<typeof pod> };
      expect(unmanaged(object)).toEqual(unmanaged(pod("a")));
    }
  }
});

test("a text that is no JSON is none without them either", () => {
  const whole = JSON.stringify(pod("a"));
  for (const broken of ["", "{", whole.slice(0, -1), whole.slice(0, whole.indexOf("]")), `${whole}]`]) {
    expect(() => parseUnmanaged(broken)).toThrow(SyntaxError);
  }
});
