# What compose makes of Prometheus, Alertmanager and the agent, put together from its files: an alert of the disk reaches
# the policy. Needs root, as everything does that starts an Alertmanager.
import unittest

from scraped import CONFIG, ENGINE, FILES, free_port, replaced, with_an_agent

import alertmanager  # found by what scraped puts on the path


class alerted(with_an_agent):
    def test_an_alert_of_the_disk_reaches_the_policy(self):
        """From the rule in Prometheus by Alertmanager, both with the files of compose, to the agent that asks."""
        port = free_port()
        command = alertmanager.command()
        self.start(
            *command,
            f"--config.file={FILES}/alertmanager.yml",
            f"--storage.path={self.folder}/alerts",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            log=self.folder / "alertmanager.log",
        )
        config = replaced(
            CONFIG,
            ('urls = ["http://alertmanager:9093"]', f'urls = ["http://127.0.0.1:{port}"]\npoll = "1s"'),
            # So that there is something to do.
            ("until = { disk_below = 0.70 }", "until = { disk_below = 0.001 }"),
            ('min_age = "24h"', 'min_age = "0s"'),
        )
        agent = self.agent(config, ENGINE, top='settle = "0s"')
        at_once = ("disk_used:ratio > 0.9\n        for: 15m", "disk_used:ratio > 0\n        for: 0s")
        self.prometheus(agent, port, [at_once])
        self.wait_for(
            lambda: 'docksweep_alerts_received_total{source="alertmanager",status="firing"} 1\n' in self.metrics(agent),
            "the alert, told by Alertmanager",
        )
        skipped = 'docksweep_sweeps_skipped_total{policy="on-disk-alert",reason="observe"} 1\n'
        self.wait_for(lambda: skipped in self.metrics(agent), "the policy, which it would have started")


if __name__ == "__main__":
    unittest.main()
