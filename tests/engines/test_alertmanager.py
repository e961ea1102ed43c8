# The Alertmanager of the engine tests does what those tests rely on: it fires, silences, remembers and gossips.
import unittest

from alertmanager import alertmanager


class alertmanagers(unittest.TestCase):
    def states(self, which):
        return {labels["alertname"]: state for labels, state in which.alerts()}

    def test_fires_silences_and_remembers_across_a_restart(self):
        with alertmanager() as one:
            one.fire(alertname="Full", instance="a")
            one.fire(alertname="Quiet", instance="a")
            one.silence("alertname=Quiet")
            one.wait_for(lambda: self.states(one) == {"Full": "active", "Quiet": "suppressed"}, "one silenced of two")
            self.assertEqual([labels["alertname"] for labels, _ in one.alerts(silenced="false")], ["Full"])
            one.fire(seconds=0, alertname="Full", instance="a")
            one.wait_for(lambda: "Full" not in self.states(one), "the alert's end")
            one.restart()
            one.fire(alertname="Quiet", instance="a")
            one.wait_for(lambda: self.states(one) == {"Quiet": "suppressed"}, "the silence after the restart")

    def test_a_cluster_shares_its_silences(self):
        with alertmanager(clustered=True) as one, alertmanager(peers=[one]) as other:
            one.wait_for(lambda: len(one.api("GET", "status")["cluster"]["peers"]) == 2, "two peers")
            one.silence("alertname=Quiet")
            other.fire(alertname="Quiet", instance="a")
            other.wait_for(lambda: self.states(other) == {"Quiet": "suppressed"}, "the other's silence")


if __name__ == "__main__":
    unittest.main()
