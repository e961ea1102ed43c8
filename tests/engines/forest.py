# Random sets of images that share layers as real ones do: trees of layers, images at any place of them, some under two
# names, some without one, some built on others (with untagged parents in between).
import images
import scenario


class forest:
    """Grows on an engine, round by round; seeded, so that a failure can be seen again."""

    def __init__(self, engine, random):
        self.engine, self.random = engine, random
        self._chains = [[]]  # every chain of layers so far
        self._count = 0

    def grow(self, complete):
        """
        Loads about ten more images and builds one or two. With `complete` each has a full history and no layer is
        empty: then the bytes that a removal frees are known exactly.
        """
        new = []
        for _ in range(self.random.randint(7, 12)):
            chain = list(self.random.choice(self._chains))
            for _ in range(self.random.randint(1, 3)):
                chain.append(self._layer(complete))
                self._chains.append(list(chain))
            # Sometimes the image ends lower than its chain, so that it shares all of its layers with others.
            shown = chain[:self.random.randint(1, len(chain))]
            new.append(images.image(self._references(), shown, self._history(complete), {"number": str(self._count)}))
        self._chains = self._chains[-40:]
        images.load_images(self.engine, new)
        tagged = [item.references[0] for item in new if item.references]
        for base in self.random.sample(tagged, min(2, len(tagged))):
            content = self.random.randbytes(self.random.randint(1, 5_000))
            self._build(base, content)

    def _build(self, base, content):
        self._count += 1
        # A build from an image whose history is not complete has no complete one either; that is left to the loads.
        reference = next(name for item in self.engine.get("/images/json") for name in item["RepoTags"] or []
                         if name == base or name.endswith("/" + base))
        images.build(self.engine, f"built/{self._count}:1",
                     f"FROM {reference}\nENV N={self._count}\nCOPY one /one-{self._count}\nLABEL a=b\n"
                     f"COPY two /two-{self._count}\n", {"one": content, "two": content[: len(content) // 2 + 1]})

    def _layer(self, complete):
        if not complete and self.random.random() < 0.2:
            return images.layer({f"empty-{self.random.random()}": b""})
        return images.layer.of_size(self.random.randint(1, 30_000), self.random)

    def _history(self, complete):
        if not complete and self.random.random() < 0.3:
            return None
        return self.random.choice(["full", "empty"])

    def _references(self):
        self._count += 1
        names = [f"forest/{self._count}:1", f"also/{self._count}:1"]
        return names[: self.random.choice([0, 1, 1, 1, 2])]

    def choose(self):
        """A random set of images (IDs) that may go: none in use, and parents only together with all of their children."""
        listed = self.engine.get("/images/json", all="true")
        states = scenario.image_states(self.engine)
        # By what is the same in every run: the ID of a build holds its time.
        known = {item["Id"]: (sorted(item["RepoTags"] or []), item["Size"]) for item in listed}
        able = sorted((one for one, state in states.items() if state in ("unused", "dangling")),
                      key=lambda one: (known[one], one))
        while not (chosen := self._closed(set(self.random.sample(able, self.random.randint(1, len(able) * 2 // 3))), listed)):
            pass
        return sorted(chosen)

    def _closed(self, chosen, listed):
        """What is left of it without the images that keep a child, however far down."""
        while True:
            kept = {item.get("ParentId") for item in listed
                    if item["Id"] not in chosen and not self._goes(item["Id"], chosen, listed)}
            if not chosen & kept:
                return chosen
            chosen -= kept

    @staticmethod
    def _goes(one, chosen, listed):
        """Whether this untagged ancestor goes along: all of its children do, and it has one."""
        by_parent = {}
        for item in listed:
            by_parent.setdefault(item.get("ParentId"), []).append(item["Id"])
        untagged = {item["Id"] for item in listed if not scenario.named(item)}

        def gone(image):
            return image in chosen or (image in untagged and image in by_parent and all(map(gone, by_parent[image])))
        return one in untagged and gone(one)
