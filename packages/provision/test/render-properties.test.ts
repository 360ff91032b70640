import type { Repl } from "@repl/contract";
import { ReplId, UserId } from "@repl/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LABELS, MANIFEST_HASH, userLabel } from "../src/labels.ts";
import { PLACEHOLDER } from "../src/render/placeholder.ts";
import { render } from "../src/render/render.ts";
import { parseTemplate } from "../src/template/parse.ts";
import { productTemplate, REPL, template } from "./support/fixtures.ts";

/** Ids that text templates, String.replace or object literals trip over. */
const NASTY_USERS = [
  "$&",
  "$`",
  "$'",
  "$$",
  "$1",
  "__proto__",
  "constructor",
  "{{env}}",
  ["$", "{x}"].join(""),
  "a:b",
  "*a",
  "&a",
  '"x',
  "null",
  "true",
  "~",
];
const NASTY_REPLS = ["true", "null", "yes", "a", "constructor", "tostring", "e3", "x".repeat(50), "service-name"];

const replIds = fc.oneof(fc.stringMatching(/^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$/), fc.constantFrom(...NASTY_REPLS));
const userIds = fc.oneof(
  fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 128 }).filter((text) => /^[!-~]+$/.test(text)),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,70}$/),
  fc.stringMatching(/^u-[0-9a-f]{32}$/),
  fc.constantFrom(...NASTY_USERS),
);
const repls: fc.Arbitrary<Repl> = fc.record({ replId: replIds, userId: userIds, generation: fc.integer({ min: 1 }) });

const LABEL_VALUE = /^(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
const DNS_LABEL = /^(?=.{1,63}$)[a-z]([a-z0-9-]*[a-z0-9])?$/;

const product = parseTemplate(productTemplate());
const TEMPLATES = { "service.yaml": product, "every kind": template("every-kind"), "a Job": template("job") };

test("the ids of these tests are ids of the contract", () => {
  fc.assert(
    fc.property(repls, ({ replId, userId }) => {
      expect(replId).toMatch(patternOf(ReplId));
      expect(userId).toMatch(patternOf(UserId));
    }),
  );
});

describe.each(Object.entries(TEMPLATES))("any repl rendered from %s", (_, parsed) => {
  test("has no placeholder left, and differs from another repl where the template says so and nowhere else", () => {
    fc.assert(
      fc.property(repls, (repl) => {
        const manifests = render(parsed, repl, "repls");
        expect(JSON.stringify(manifests)).not.toContain(PLACEHOLDER);
        expect(manifests).toEqual(reference(parsed.manifests, repl));
      }),
    );
  });

  test("has label values and keys that Kubernetes allows", () => {
    fc.assert(
      fc.property(repls, (repl) => {
        for (const { metadata, spec } of render(parsed, repl, "repls")) {
          const pods = (spec as { template?: { metadata: { labels: object } } } | undefined)?.template?.metadata.labels;
          for (const value of [...Object.values(metadata.labels), ...Object.values(pods ?? {})]) {
            expect(value).toMatch(LABEL_VALUE);
          }
        }
      }),
    );
  });
});

test("service.yaml's names and hosts are DNS labels, whatever the replId", () => {
  fc.assert(
    fc.property(repls, (repl) => {
      for (const { kind, metadata, spec } of render(product, repl, "repls")) {
        expect(metadata.name).toMatch(DNS_LABEL);
        if (kind !== "Ingress") continue;
        for (const { host } of (spec as { rules: { host: string }[] }).rules) {
          expect(host.slice(0, host.indexOf("."))).toMatch(DNS_LABEL);
        }
      }
    }),
  );
});

test("two repls share no name and no host", () => {
  fc.assert(
    fc.property(repls, repls, (one, other) => {
      fc.pre(one.replId !== other.replId);
      const taken = new Set(claims(one));
      expect(claims(other).filter((claim) => taken.has(claim))).toEqual([]);
    }),
  );
});

describe("the user's label", () => {
  test("is one user's alone, also for ids that look like a hash", () => {
    const pairs = fc.oneof(
      fc.tuple(userIds, userIds),
      // The label of one as the id of the other: what somebody would choose who wants to pass for another.
      userIds.map((userId) => [userId, userLabel(userId)] as const),
    );
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        fc.pre(one !== other);
        expect(userLabel(one)).not.toBe(userLabel(other));
      }),
    );
  });

  test.each([
    ["user1", "user1"],
    ["a".repeat(63), "a".repeat(63)],
    ["A.b_c-9", "A.b_c-9"],
    ["__proto__", "u-30e2af384186b57fda019524ade9f9af"],
  ])("%s is %s", (userId, label) => {
    expect(userLabel(userId)).toBe(label);
  });

  test.each(["a".repeat(64), "-a", "a-", "auth0|5f7c", "a@example.com", "$&", `u-${"0".repeat(32)}`])(
    "%s is a hash",
    (userId) => {
      expect(userLabel(userId)).toMatch(/^u-[0-9a-f]{32}$/);
      expect(userLabel(userId)).not.toBe(userId);
    },
  );
});

/** Names by kind, and hosts, as the API server and the ingress controller tell them apart. */
function claims(repl: Repl): string[] {
  return render(product, repl, "repls").flatMap(({ kind, metadata, spec }) => [
    `${kind}/${metadata.name}`,
    ...((spec as { rules?: { host: string }[] }).rules ?? []).map(({ host }) => `host ${host}`),
  ]);
}

/** What a render must be, told in another way: the text of each leaf, by position, with the stamps where they belong. */
function reference(documents: readonly unknown[], repl: Repl): unknown[] {
  const labels = {
    [LABELS.managedBy]: "repl-orchestrator",
    [LABELS.repl]: repl.replId,
    [LABELS.user]: userLabel(repl.userId),
    [LABELS.generation]: String(repl.generation),
  };
  const hash = expect.stringMatching(/^[0-9a-f]{16}$/);
  return documents.map((document) => {
    const tree = JSON.parse(JSON.stringify(document), (_, value) =>
      typeof value === "string" ? value.replaceAll(PLACEHOLDER, () => repl.replId) : value,
    );
    const stamp = (metadata: Record<string, object> = {}) => ({
      ...metadata,
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, [MANIFEST_HASH]: hash },
    });
    tree.metadata = { ...stamp(tree.metadata), namespace: "repls" };
    if (tree.spec?.template !== undefined) tree.spec.template.metadata = stamp(tree.spec.template.metadata);
    return tree;
  });
}

test("keys are substituted as values are", () => {
  const parsed = parseTemplate(
    productTemplate().replace(
      "  labels:\n    app: service_name",
      '  labels:\n    app: service_name\n    "service_name.example.com/x-service_name": "1"',
    ),
  );
  expect(render(parsed, REPL, "repls")[0]?.metadata.labels).toHaveProperty(["repl123.example.com/x-repl123"], "1");
});

test("a replId is inserted as it is, patterns of String.replace included", () => {
  const parsed = parseTemplate(productTemplate());
  const [deployment] = render(parsed, { ...REPL, replId: "$&-$`-$'-$$" }, "repls");
  expect(deployment?.metadata.name).toBe("$&-$`-$'-$$");
});

/** TypeBox's types leave a schema's own keywords out. */
function patternOf(schema: object): RegExp {
  return new RegExp((schema as { pattern: string }).pattern);
}
