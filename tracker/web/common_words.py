"""Words that passwords are made of here, beside those of zxcvbn's English lists."""

COMMON_HERE = tuple(
    """
    abadi adik agama ahad aisyah akbar aku akucintakamu akusayangkamu alfatihah alhamdulillah allah allahuakbar
    amin anak anakku andi anggun angkasa arema assalamualaikum astaghfirullah ayah ayahbunda ayam ayu bahagia
    bandung bangsa bapak barokah batavia bekasi berkah bersama bersatu bersih betawi bhinneka bintang bismillah
    bogor budi bunda bunga cantik cinta cintaku damai dangdut depok desember dewi dinas dki doa dunia emas
    februari ganteng garuda gojek hidup ibu ibukota ikhlas indah indomie indonesia indonesiaraya islam istri
    jagoan jakarta jakartaraya jakmania januari jawa jaya jayakarta jokowi juara juli jumat juni kakak kamis
    kamu kantor karyawan kasih katakunci katasandi kebersihan keluarga keluargaku kelurahan kerja kerjakeras
    kesayangan ketupat kota kucing kuda kuningan lebaran lestari lupa lurah maaf maret masuk matahari mawar
    melati menteng merah merahputih merdeka minggu monas muhammad nasi nasigoreng november oktober pagi pahlawan
    pancasila pegawai pegawainegeri pelangi pemda pemprov persib persija pns polisi putih putra putri rahasia
    rahmat ramadhan ratu rejeki rindu rumah rumahku sabar sabtu sahabat sakura salam sapi satu saya sayang
    sayangkamu sayangku sehat selamanya selamat selasa semangat senin sepakbola september setia suami sukses
    sumpah surabaya surga takbir tanahabang telkomsel terimakasih thamrin transjakarta tuhan ubah ulang untuk
    ustadz wali walikota warga wibawa yesus
    """.split()
)
