# What `docksweep reference` prints, read by the programs that it is for.
import pathlib
import re
import subprocess
import unittest

from binary import BINARY, in_a_folder


class references(in_a_folder):
    def page(self, name):
        done = self.docksweep("reference", name)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        pathlib.Path(self.path(name)).write_text(done.stdout)
        return done.stdout

    def commands(self):
        listed = self.docksweep("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
        return re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE)

    def test_the_man_page_says_what_help_says(self):
        self.page("man")
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", "-rLL=200n", "-P-c", "-P-b", "-P-u", self.path("man")],
            capture_output=True,
            text=True,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shown = re.sub(r"\s+", " ", done.stdout.replace("‐", "-").replace("−", "-").replace("’", "'").replace("‘", "'"))
        self.assertGreaterEqual(len(self.commands()), 17)
        for command in self.commands():
            self.assertIn(f"docksweep {command}", shown)
            text = self.docksweep(command, "--help").stdout
            for word in re.findall(r"--[a-z-]+", text):
                self.assertIn(word, shown)
            examples = re.sub(r"\s+", " ", text.partition("Examples:")[2].partition("--config FILE")[0])
            self.assertIn(examples.strip(), shown)

    # --- bash -------------------------------------------------------------------------------------------------------

    def completed(self, *words):
        """What bash offers after these words, the last one being begun. → {word}"""
        script = (
            f'docksweep() {{ "{BINARY}" --config "{self.path("docksweep.toml")}" "$@"; }}\nsource "$1"; shift\n'
            'COMP_WORDS=(docksweep "$@") COMP_CWORD=$#\n_docksweep\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        done = subprocess.run(
            ["bash", "-euc", script, "bash", self.path("bash"), *words],
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
        )
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    def test_bash_completes_commands_options_and_names(self):
        self.page("bash")
        self.config('[[policy]]\nname = "tidy"\nremove = { images = "dangling" }\n')
        self.assertGreaterEqual(self.completed(""), set(self.commands()))
        self.assertNotIn("reference", self.completed(""))
        self.assertEqual(self.completed("he"), {"health"})
        self.assertEqual(self.completed("images", "--no"), {"--no-trunc"})
        self.assertEqual(self.completed("--host", "unix:///s", "images", "--no"), {"--no-trunc"})
        self.assertEqual(self.completed("sweep", "t"), {"tidy"})
        self.assertEqual(self.completed("init", "ci"), {"ci-runner"})
        self.assertEqual(self.completed("--config", "docksweep.t"), {"docksweep.toml"})
        self.assertEqual(self.completed("images", "--sort", ""), set())

    # --- zsh --------------------------------------------------------------------------------------------------------

    def test_zsh_loads_it(self):
        self.page("zsh")
        done = subprocess.run(["zsh", "-f", "-n", self.path("zsh")], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_zsh_completes_commands_options_and_names(self):
        self.page("zsh")
        (self.folder / "zsh").rename(self.folder / "_docksweep")
        self.config('[[policy]]\nname = "tidy"\nremove = { images = "dangling" }\n')
        for typed, expected in (
            ("docksweep hea", "docksweep health"),
            ("docksweep images --no-t", "docksweep images --no-trunc"),
            ("docksweep init ci", "docksweep init ci-runner"),
            ("docksweep sweep ti", "docksweep sweep tidy"),
        ):
            with self.subTest(typed):
                self.assertIn(expected, self.zsh_after_tab(typed))

    def zsh_after_tab(self, typed):
        """The line of an interactive zsh after a tab."""
        script = f'''
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; fpath=({self.folder} $fpath); autoload -U compinit; compinit -u -d {self.folder}/dump; docksweep() {{ "{BINARY}" --config "{self.path("docksweep.toml")}" "$@" }}; show() {{ print -r -- "<$BUFFER>" }}; zle -N show; bindkey "^X" show; print ready-$((1+1))'
zpty -r shell seen "*ready-2*"
zpty -n -w shell $'{typed}\\t'
sleep 2
zpty -n -w shell $'\\x18'
zpty -r shell seen "*<docksweep*>*"
print -r -- "$seen"
'''
        done = subprocess.run(
            ["zsh", "-f", "-c", script],
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment | {"TERM": "dumb"},
            cwd=self.folder,
        )
        return done.stdout

    # --- the reference of the configuration -------------------------------------------------------------------------

    def test_every_key_of_the_effective_configuration_is_there(self):
        page = self.page("configuration")
        settings = self.docksweep("--config", self.config(""), "check-config", "--effective").stdout
        keys = re.findall(r"^#? ?([a-z_.]+) = ", settings, re.MULTILINE)
        self.assertGreater(len(keys), 20)
        for key in keys:
            self.assertIn(f"| `{key}` |", page)


if __name__ == "__main__":
    unittest.main()
