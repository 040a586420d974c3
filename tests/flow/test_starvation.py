"""Hostile backends, which show each client another costly chain, cost the other sites next to nothing."""

import signal
import threading
import urllib.request

import pytest
from metrics_text import read_metrics
from program import eventually
from starvation import NAME_A, Siege

NUM_CLIENTS = 60  # whose chains keep one thread busy for minutes where nothing bounds them
NUM_OTHERS = 8


def metric(siege, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{siege.admin}/metrics") as answer:
        return read_metrics(answer.read().decode())[name].value()


@pytest.mark.parametrize("num_hostile", [1, 3], ids=["one hostile site", "more of them than mending threads"])
def test_hostile_backends_starve_no_other_site(program, tmp_path, num_hostile):
    """Who waits longer than handshake_timeout for a verdict is not served."""
    with Siege(program, tmp_path, NUM_CLIENTS, NUM_OTHERS, num_hostile) as siege:
        figures = siege.run()
        report = f"{figures}\n{siege.running.report()}"
        assert figures.num_served == 0, report
        assert len(figures.b_waits_s) == NUM_OTHERS and figures.num_b_failed == 0, report
        assert figures.num_health_failed == 0, report
        # Chains above the site's share are refused, and logged once in a while.
        assert metric(siege, "chainmend_backend_verdicts_refused_total") > 0, report
        assert siege.running.stderr.count(f"{NAME_A}: its backends show more unknown chains") == 1, report
        assert metric(siege, "chainmend_mend_cpu_seconds_total") > 0, report


def test_a_reload_and_a_stop_wait_for_no_mend(program, tmp_path):
    """They come while chains are judged; the program's end is a clean one."""
    with Siege(program, tmp_path, NUM_CLIENTS, NUM_OTHERS) as siege:
        before = metric(siege, "chainmend_mend_steps_total")
        besieged = threading.Thread(target=siege.run_clients)
        besieged.start()
        eventually("chains are judged", lambda: metric(siege, "chainmend_mend_steps_total") > before + 5,
                   also=siege.running.report)
        siege.running.signal(signal.SIGHUP)
        assert metric(siege, "chainmend_ready") == 1  # the control thread has seen to the signal before it answers this
        siege.running.signal(signal.SIGTERM)
        siege.running.wait()
        besieged.join()
