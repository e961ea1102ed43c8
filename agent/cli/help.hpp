// What `--help` says of each command: how it is used, by example.
#pragma once

namespace docksweep::cli::help {

inline constexpr auto overview = R"(docksweep measures what images, containers, layers, volumes and build cache
cost the disk of a machine that runs containers, in a terminal and for
Prometheus, and gives the space back by policy, with a reason for every image.)";

inline constexpr auto first_steps = R"(First steps:
  docksweep df           what uses the disk, what would really come back
  docksweep images       images, and the bytes that each alone would free
  docksweep plan         what could go now, and why everything else stays
  docksweep run          the agent: http://localhost:9713/metrics

Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 ran but did
not reach the goal (also: observe mode, paused, refused).
'docksweep COMMAND --help' tells more about a command.)";

inline constexpr auto run = R"(Watches the engine, serves http://localhost:9713/metrics, logs to stderr, and
runs the policies of the configuration: in mode "observe", the default, it plans
and removes nothing. It needs no engine to start: it waits for one. SIGTERM and
SIGINT end it after the removal in hand, SIGHUP reads the configuration again.

Examples:
  docksweep run          with /etc/docksweep/docksweep.toml, or the defaults
  docksweep run --config ./docksweep.toml
  docksweep run --trace  shows each call to the engine)";

inline constexpr auto images = R"(FREED is what removing that image alone would give back: layers that other
images share stay. Where the engine cannot tell exactly it is a range, from
at least to at most. LAST USE is what an agent saw on this node, never the
build date. VERDICT is why an image stays whatever is asked for (in_use, or the
rule of [keep] that holds), or "unused": nothing but a policy decides.

Examples:
  docksweep images                                 largest first
  docksweep images --sort freed                    what is worth removing first
  docksweep images --sort used                     least recently used first
  docksweep images --filter dangling=true -q       IDs of dangling images
  docksweep images --filter reference=alpine:3.19  one image by name
  docksweep images --filter 'reference=*m*'        by wildcard
  docksweep images --json | jq '.images[].id')";

inline constexpr auto containers = R"(Examples:
  docksweep containers                             all, stopped ones too
  docksweep containers --filter status=exited      by state
  docksweep containers --filter status=exited -q   names, one per line
  docksweep containers --size                      with their writable layers)";

inline constexpr auto df = R"(What would really come back counts each layer once, and leaves out what is in
use or shared; Docker's own figure adds up image sizes. When an agent has asked
the engine lately its answer is used, and its age is shown.

Examples:
  docksweep df           the answer of the agent, or a new one
  docksweep df --fresh   asks the engine now: seconds to minutes on a busy node
  docksweep df -v        with every volume
  docksweep df --json)";

inline constexpr auto metrics = R"(For the textfile collector of prometheus-node-exporter: no timestamps, no
process_* series. FILE is replaced whole.

Examples:
  docksweep metrics
  docksweep metrics -o /var/lib/prometheus/node-exporter/docksweep.prom)";

inline constexpr auto check_config = R"(Every fault is shown as FILE:LINE:COLUMN: what is wrong, what is allowed. Exit
status 2 when there is one.

Examples:
  docksweep check-config                        /etc/docksweep/docksweep.toml
  docksweep check-config --config ./new.toml    before it goes live
  docksweep check-config --effective            values, and where they came from)";

inline constexpr auto init = R"(NAME is small-server, ci-runner, kubernetes, air-gapped or nightly-script;
without NAME it is every key with its default and what it means.

Examples:
  docksweep init                                shows the commented default
  docksweep init ci-runner --output /etc/docksweep/docksweep.toml)";

inline constexpr auto plan = R"(Shows what a policy would remove now, in order, with the bytes that each step
really frees after those before it, where the goal is reached, and why every
other image stays. Nothing is removed. Exit status 3 when the goal cannot be
reached.

Examples:
  docksweep plan                 everything unused, under the rules of [keep]
  docksweep plan nightly         what 'docksweep sweep nightly' would do
  docksweep plan nightly --all   each image that stays, and the rule
  docksweep plan nightly --json | jq '.steps[].names')";

inline constexpr auto explain = R"(IMAGE is a tag, a digest, an ID or the start of one. For the general rules and
for each policy: what would happen to it, every rule that speaks for or against
that, the one that decides (→), and when that changes.

Examples:
  docksweep explain alpine:3.19
  docksweep explain 3f57d9401f8d
  docksweep explain alpine:3.19 --json)";

inline constexpr auto sweep = R"(Shows the plan, asks, and removes exactly what was shown, minus what is in use
or kept by then. Each removal is on record before it is made. Ctrl-C lets the
removal in hand finish; a second one ends at once. Where the mode is observe
(the default), it shows the plan and ends with status 3 unless --enforce is
given. Windows and cooldown do not hold a sweep by hand back; a pause does.

--archive FOLDER saves each image that no registry is known to have there before
it goes (ID.tar.zst); where it cannot be saved, it stays.

Examples:
  docksweep sweep nightly            shows, asks, removes
  docksweep sweep nightly --yes      for scripts
  docksweep sweep nightly --enforce  although mode = "observe")";

inline constexpr auto remove = R"(NAME is an image (tag, digest, ID or the start of one) or a container (name or
ID). A tag alone goes when its image has other names; by digest or ID the image
goes with all its names. What is in use stays, and so does what a rule of [keep]
holds: then nothing is removed, and the reason is shown (status 3). Two of these
rules give way when asked: --even-if min_age (new here, or used lately) and
--even-if local_only (no registry is known to have it: it cannot be pulled
again). Containers go only when they stand still, without their volumes.

Examples:
  docksweep remove alpine:3.18
  docksweep remove old-job shop/app:1.0        a container, then its image
  docksweep remove built-here:1 --even-if local_only,min_age --yes)";

inline constexpr auto pause = R"(The stop button: from now on nothing is removed, by the agent or by hand, and a
sweep that runs stops after the removal in hand. It needs no engine and no
running agent, and survives a restart.

Examples:
  docksweep pause --for 4h deploying the shop
  docksweep pause 'until we know what went wrong')";

inline constexpr auto resume = R"(Ends a pause: policies run again from now on.

Examples:
  docksweep resume)";

inline constexpr auto restore = R"(WHAT is the number of a sweep, or an image that went: a tag, a digest, an ID or
the start of one. Each image is pulled by its digest, or loaded from the archive
that it was saved to, gets its tags back unless another image has them by now,
and counts as used now. What cannot be brought back is shown with the reason
(status 3). It is safe to repeat.

Examples:
  docksweep restore                what the newest sweep removed
  docksweep restore 7              what sweep 7 removed
  docksweep restore shop/app:1.4   one image
  docksweep restore 7 --dry-run    only shows where each would come from)";

inline constexpr auto history = R"(One row for each sweep, and for each image that somebody else removed while an
agent watched. BACK? tells whether 'docksweep restore' can bring it back.

Examples:
  docksweep history                    the newest 50 sweeps
  docksweep history --sweep 7          each removal of one of them
  docksweep history --since 7d --policy nightly
  docksweep history --json | jq '.sweeps[].freed_bytes')";

inline constexpr auto pull = R"(REF is what the docker CLI takes: a name of Docker Hub, or one with its
registry; with a tag, a digest, or both (then the digest counts); without either
the tag is latest. Never all tags. The engine pulls, with the credential that
this machine has for the registry: in --auth-file FILE (a config.json), else in
[registry."HOST"] of the configuration, DOCKER_AUTH_CONFIG, or config.json in
DOCKER_CONFIG or ~/.docker. Ctrl-C ends the engine's pull, too.

Examples:
  docksweep pull alpine:3.19
  docksweep pull registry.example.com:5000/team/app@sha256:4bcf…
  docksweep pull alpine:3.19 --platform linux/arm64
  docksweep pull alpine:3.19 -q              only the image's ID
  docksweep pull alpine:3.19 --json | jq -r .digest)";

inline constexpr auto health = R"(Asks the agent of this configuration, at its own listen address, whether it is
alive; status 0 when it is. For a container's HEALTHCHECK and for scripts. Its
certificate is not checked: it is this machine that is asked.

Examples:
  docksweep health
  docksweep health --ready     whether it has a view of the engine, too)";

inline constexpr auto reference = R"(What packages and documents are made from: the man page, the completions of
bash and zsh, and the reference of the configuration.

Examples:
  docksweep reference man | man -l -
  docksweep reference bash > /etc/bash_completion.d/docksweep)";

}  // namespace docksweep::cli::help
