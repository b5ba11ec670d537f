"""What a killed run goes on from: after each epoch one file with all that the next one reads.

checkpoint.npz holds plain arrays (no pickles): weights, AdamW's moments, the averaged weights, both
random states, the history, and the hash of the run's manifest. A run that is resumed from it ends
with the bits of an unbroken one; a checkpoint of another config, data or code is refused."""
import json
import os
import zipfile

import numpy
import torch

FILE = "checkpoint.npz"


class CheckpointError(ValueError):
    """A checkpoint that this run cannot go on from."""


class Checkpoint:
    """The checkpoint file of one run in `folder`; `manifest`: hash of what the run is made of."""

    def __init__(self, folder, manifest):
        self.path = os.path.join(folder, FILE)
        self.manifest = manifest

    def save(self, trainer, average, epochs_done):
        """Written beside and renamed: a kill leaves the old one or the new one."""
        arrays = {}
        for number, parameter in enumerate(trainer.network.parameters()):
            state = trainer.optimizer.state[parameter]
            arrays[f"weight.{number}"] = parameter.detach().numpy()
            arrays[f"average.{number}"] = average.average[number].numpy()
            for name in ("step", "exp_avg", "exp_avg_sq"):
                arrays[f"{name}.{number}"] = state[name].numpy()
        arrays["random.global"] = torch.get_rng_state().numpy()
        arrays["random.order"] = trainer.generator.get_state().numpy()
        about = {
            "manifest": self.manifest,
            "epochs_done": epochs_done,
            "steps": trainer.step,
            "average_steps": average.steps,
            "history": vars(trainer.history),
        }
        arrays["about"] = numpy.frombuffer(json.dumps(about).encode("utf-8"), numpy.uint8)
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        beside = self.path + ".part"
        with open(beside, "wb") as file:
            numpy.savez(file, **arrays)
        os.replace(beside, self.path)

    def restore(self, trainer, average):
        """Epochs done: 0 where there is no checkpoint. Raises CheckpointError."""
        if not os.path.exists(self.path):
            return 0
        try:
            with open(self.path, "rb") as file, numpy.load(file, allow_pickle=False) as arrays:
                return self.apply({name: arrays[name] for name in arrays}, trainer, average)
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError(f"{self.path}: cannot be read ({error})") from None

    def apply(self, arrays, trainer, average):
        about = json.loads(arrays["about"].tobytes())
        if about["manifest"] != self.manifest:
            raise CheckpointError(
                f"{self.path}: made from another config, data or code; run without --resume"
            )
        for number, parameter in enumerate(trainer.network.parameters()):
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(arrays[f"weight.{number}"]))
                average.average[number].copy_(torch.from_numpy(arrays[f"average.{number}"]))
            trainer.optimizer.state[parameter] = {
                name: torch.from_numpy(arrays[f"{name}.{number}"].copy())
                for name in ("step", "exp_avg", "exp_avg_sq")
            }
        torch.set_rng_state(torch.from_numpy(arrays["random.global"].copy()))
        trainer.generator.set_state(torch.from_numpy(arrays["random.order"].copy()))
        trainer.step, average.steps = about["steps"], about["average_steps"]
        for name, values in about["history"].items():
            setattr(trainer.history, name, values)
        return about["epochs_done"]

    def remove(self):
        """Once the run's folder is complete."""
        if os.path.exists(self.path):
            os.remove(self.path)
