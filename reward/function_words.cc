#include "reward/function_words.h"

#include <iterator>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_split.h"

namespace hone {
namespace {

struct List {
  absl::string_view code;
  absl::string_view words;  // articles, pronouns, conjunctions, prepositions, forms of to be
};

constexpr List kLists[] = {
    {"en",
     "the of and to is that it for was on are as with be at this have from or by not but what all "
     "were we when your can there use an each which she do how their if will up other about out "
     "many then them these so some her would make him has two more no way could than been who its "
     "now get our you they he his had any let because"},
    {"de",
     "der die das und ist nicht ein eine einen einem einer zu den von mit sich des auf für dem im "
     "auch es an werden aus er hat dass sie nach wird bei noch wie um am sind war als oder aber "
     "ich "
     "wir wenn man kann durch zum zur nur über so haben vor dann da also"},
    {"fr",
     "le la les de des du et est un une que dans qui pour pas sur au aux avec ce il elle ne se "
     "plus "
     "par je nous vous ils on mais ou donc son sa ses sont cette comme tout si être avoir fait "
     "leur "
     "en ont même alors"},
    {"es",
     "el la los las de del y es un una que en por para con no se su al lo como más pero sus le ya "
     "o "
     "este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo "
     "nos "
     "ser son fue tiene entonces"},
    {"it",
     "il lo la gli le di del della dei delle e è un una che in per non con si da come anche più ma "
     "al alla nel nella sono ha ci se questo questa quando cui essere io loro dal dalla suo sua "
     "poi "
     "quindi"},
    {"pt",
     "o a os as de do da dos das e é um uma que em no na nos nas por para com não se mais como mas "
     "ao ou seu sua quando muito já também só pelo pela até isso ela ele entre são foi ser tem "
     "então "
     "você"},
    {"nl",
     "de het een en van is dat in op te zijn met voor niet aan er om ook als dan maar bij uit door "
     "naar over hij zij wij ik je ze dit die wordt worden heeft hebben was kan nog wel geen we of "
     "dus"},
    {"sv",
     "och att det i som en på är av för med den till inte har om ett var jag men sig så vi från "
     "kan "
     "när man nu hade hon han de du eller där vid efter också finns blir ska"},
    {"da",
     "og at det i som en på er af for med den til ikke har om et var jeg men sig så vi fra kan når "
     "man nu havde hun han de du eller der ved efter også blev skal være"},
    {"pl",
     "i w na z do się nie że jest to jak o co po ale od za tak jego czy już przez tym dla są być "
     "był "
     "oraz lub które który która więc ma tego jej ich może"},
    {"cs",
     "a v na se je že to s z do o ve i pro jako jsou by ale za po od jeho nebo být jsem aby byl "
     "které který která tak si podle může"},
    {"ro",
     "și în de la cu pe este nu că un o se din pentru care mai sunt ce ca să au fi dar al ale sau "
     "prin după este când dacă lui această acest"},
    {"tr",
     "ve bir bu için ile da de ne çok olarak daha gibi olan var en ama o kadar sonra ya her mi "
     "değil "
     "olduğu ise veya ki şu biz ben sen onun"},
    {"fi",
     "ja on ei se että oli ovat hän mutta kun niin myös kuin tai jos joka ole olla sen mitä ne "
     "tämä "
     "siitä vain sitten nyt koska jotka"},
    {"vi",
     "và của là có không được một các cho trong với những này người đã để khi từ như đó về ra cũng "
     "vì nên thì mà ta nếu"},
    {"id",
     "yang dan di dari untuk dengan ini itu dalam tidak adalah pada akan ke ada juga atau saya "
     "kami "
     "kita oleh sudah karena bisa dapat jika maka sebagai"},
};
static_assert(std::size(kLists) == kNumLanguages);

using Words = absl::flat_hash_map<absl::string_view, Languages>;

const Words& AllWords() {
  static const Words* const words = [] {
    auto* all = new Words();
    for (size_t i = 0; i < std::size(kLists); ++i) {
      for (const absl::string_view word : absl::StrSplit(kLists[i].words, ' ')) {
        (*all)[word] |= Languages{1} << i;
      }
    }
    return all;
  }();
  return *words;
}

}  // namespace

Languages LanguageBit(absl::string_view code) {
  for (size_t i = 0; i < std::size(kLists); ++i) {
    if (kLists[i].code == code) return Languages{1} << i;
  }
  return 0;
}

Languages LanguagesOfWord(absl::string_view word) {
  const auto found = AllWords().find(word);
  return found == AllWords().end() ? 0 : found->second;
}

}  // namespace hone
